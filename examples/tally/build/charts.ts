// Packages the chart of every release from the one template tree, and writes the index of the chart repository.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { parseDocument } from 'yaml'
import { readReleases, tallyDirectory } from './releases.ts'
import type { TallyRelease } from './releases.ts'
import { run } from './run.ts'

const chartDirectory = join(tallyDirectory, 'chart')

/** The helm of the test tools, else the one on PATH, else null. */
export function findHelm(env: NodeJS.ProcessEnv = process.env): string | null {
  const folders = [join(homedir(), '.cache', 'pawl', 'bin'), ...(env['PATH'] ?? '').split(delimiter)]
  return folders.map((folder) => join(folder, 'helm')).find((file) => existsSync(file)) ?? null
}

/** Name of a packaged chart inside the repository directory. */
export function chartFile(release: Pick<TallyRelease, 'chartVersion'>): string {
  return `tally-${release.chartVersion}.tgz`
}

/** Writes `tally-<chartVersion>.tgz` for every release and index.yaml into `outDirectory`. */
export async function packageCharts(outDirectory: string, helmPath: string): Promise<string[]> {
  const trees = readReleases().map((release) => ({
    chart: 'tally',
    version: release.chartVersion,
    date: release.date,
    stage: (directory: string) => stageChart(release, directory),
  }))
  return await packageTrees(outDirectory, helmPath, trees)
}

/** One chart to be packaged. */
export interface ChartTree {
  chart: string
  version: string
  /** The day of its release, ISO 8601. */
  date: string
  /** Lays it out as files. */
  stage: (directory: string) => void
}

/**
 * Packages charts of one name into a repository with its index. The same source gives the same bytes with Helm 4, which keeps the
 * times of files; every file carries the day of its release.
 */
export async function packageTrees(
  outDirectory: string,
  helmPath: string,
  trees: readonly ChartTree[],
): Promise<string[]> {
  mkdirSync(outDirectory, { recursive: true })
  const scratch = mkdtempSync(join(tmpdir(), 'charts-'))
  const files: string[] = []
  try {
    for (const { chart, version, date, stage } of trees) {
      const tree = join(scratch, version, chart)
      stage(tree)
      setTimes(tree, new Date(`${date}T00:00:00Z`))
      await run(helmPath, ['package', tree, '--destination', outDirectory])
      files.push(join(outDirectory, `${chart}-${version}.tgz`))
    }
    await run(helmPath, ['repo', 'index', outDirectory])
    settleIndex(join(outDirectory, 'index.yaml'), trees)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
  return files
}

/** Lays out the chart of one release as files. */
export function stageChart(release: TallyRelease, directory: string): void {
  cpSync(chartDirectory, directory, { recursive: true })
  for (const path of release.leaveOut) rmSync(join(directory, path), { recursive: true })
  edit(join(directory, 'Chart.yaml'), {
    version: release.chartVersion,
    appVersion: release.appVersion,
    'annotations/minVersion': release.minVersion,
    'annotations/tally.example/schema.ledger': release.schema.ledger,
    'annotations/tally.example/schema.assist': release.schema.assist,
  })
  const dotted = Object.entries(release.values).map(([path, value]) => [path.replaceAll('.', '/'), value])
  edit(join(directory, 'values.yaml'), Object.fromEntries(dotted) as Record<string, string>)
}

/** Sets scalars of a YAML file and keeps its comments. The first `/` separates a section from its key, as do all later
 * ones unless the key itself exists with them. */
function edit(file: string, values: Readonly<Record<string, string>>): void {
  const document = parseDocument(readFileSync(file, 'utf8'))
  for (const [path, value] of Object.entries(values)) {
    const [section = '', ...rest] = path.split('/')
    const whole = rest.length > 0 ? [section, rest.join('/')] : [section]
    const keys = document.hasIn(whole) ? whole : path.split('/')
    if (!document.hasIn(keys)) throw new Error(`${file} has no ${path}`)
    document.setIn(keys, value)
  }
  writeFileSync(file, document.toString({ lineWidth: 0 }))
}

function setTimes(directory: string, time: Date): void {
  for (const entry of readdirSync(directory, { withFileTypes: true, recursive: true })) {
    utimesSync(join(entry.parentPath, entry.name), time, time)
  }
  utimesSync(directory, time, time)
}

/** Helm stamps the index with the present time; here every chart is created on the day of its release. */
function settleIndex(file: string, trees: readonly ChartTree[]): void {
  const dates = new Map(trees.map(({ chart, version, date }) => [`${chart} ${version}`, `${date}T00:00:00Z`]))
  const document = parseDocument(readFileSync(file, 'utf8'))
  const { entries } = document.toJS() as { entries: Record<string, { version: string }[]> }
  for (const [chart, versions] of Object.entries(entries)) {
    versions.forEach(({ version }, index) =>
      document.setIn(['entries', chart, index, 'created'], dates.get(`${chart} ${version}`)),
    )
  }
  document.setIn(['generated'], [...dates.values()].at(-1))
  writeFileSync(file, document.toString({ lineWidth: 0 }))
}
