// `npm test`: every check and every test project, one after the other, ending with one line that adds them up.
// `npm test -- unit lint` runs only those parts.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, join } from 'node:path'
import { countsOfCheck, countsOfVitest, failuresOf, lastLine, sum } from './run/counts.ts'
import type { Counts } from './run/counts.ts'
import { PARTS } from './run/parts.ts'
import type { Part, Project } from './run/parts.ts'

const ROOT = join(import.meta.dirname, '..')
const REPORTS = join(ROOT, '.vitest', 'reports')
const bin = join(ROOT, 'node_modules', '.bin')
/** Whatever is started finds Node 24 and the tools of node_modules before those of the machine. */
const env = { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` }

async function main(names: string[]): Promise<number> {
  const unknown = names.filter((name) => !PARTS.some((part) => part.name === name))
  if (unknown.length > 0) {
    console.error(`no part is called ${unknown.join(', ')}; there are ${PARTS.map(({ name }) => name).join(', ')}`)
    return 64
  }
  const parts = PARTS.filter(({ name }) => names.length === 0 || names.includes(name))
  const table: { part: Part; counts: Counts; seconds: number }[] = []
  let cluster: Promise<string | undefined> | undefined
  const wantsCluster = parts.some(needsCluster)
  const wantsLab = parts.some(({ name }) => name === 'e2e')
  for (const [index, part] of parts.entries()) {
    const startedAt = performance.now()
    console.log(`\n=== ${index + 1}/${parts.length} ${part.name} (usually ${part.usually})`)
    // Made beside the parts that need none, as soon as the programs are built that its images hold: cold, it takes longer than those.
    if (wantsCluster && part.name !== 'build') cluster ??= prepareCluster(wantsLab)
    const missing = needsCluster(part) ? await cluster : undefined
    if (missing !== undefined) console.error(missing)
    const counts = missing === undefined ? await run(part) : countsOfCheck(false)
    table.push({ part, counts, seconds: (performance.now() - startedAt) / 1000 })
  }
  console.log('')
  for (const failure of failures) console.log(`FAILED ${failure}\n`)
  for (const { part, counts, seconds } of table) {
    console.log(
      `${counts.failed === 0 ? 'ok    ' : 'FAILED'} ${part.name.padEnd(12)} ${lastLine(counts)}, ${seconds.toFixed(1)} s`,
    )
  }
  await cleanUp()
  const total = sum(table.map(({ counts }) => counts))
  console.log(lastLine(total))
  return total.failed === 0 ? 0 : 1
}

/** Said once more at the end: they happened long before it. */
const failures: string[] = []

async function run(part: Part): Promise<Counts> {
  return part.kind === 'check' ? countsOfCheck((await start(part.command)) === 0) : await runProject(part)
}

async function runProject(project: Project): Promise<Counts> {
  if (!hasTests(project)) {
    console.log('there are no tests in this project')
    return { passed: 0, failed: 0, skipped: 0 }
  }
  const report = join(REPORTS, `${project.name}.json`)
  mkdirSync(REPORTS, { recursive: true })
  rmSync(report, { force: true })
  const coverage = project.withCoverage ? ['--coverage'] : []
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const exitCode = await start(['vitest', 'run', '--project', project.name, ...reporters, ...coverage])
  const found: unknown = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : undefined
  failures.push(...failuresOf(found).map((failure) => failure.replace(`${ROOT}/`, '')))
  return countsOfVitest(found, exitCode)
}

/** Takes away the cluster that this run made; one that was there before stays. */
let cleanUp = (): Promise<void> => Promise.resolve()

/** One cluster for every project that needs one, where asked for with all images; gives the reason where none can be had. */
async function prepareCluster(withLab: boolean): Promise<string | undefined> {
  const report = (line: string): void => console.log(`cluster: ${line}`)
  const { ensureCluster, isClusterUp, removeCluster } = await import('./cluster/index.ts')
  try {
    if (!(await isClusterUp())) cleanUp = async () => await removeCluster(console.log)
    const cluster = await ensureCluster(report)
    report(`${cluster.kind}, ${cluster.kubeconfig}`)
    if (withLab) await (await import('./e2e/setup.ts')).prepareLab(report)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function needsCluster(part: Part): boolean {
  return part.kind === 'project' && part.needsCluster && hasTests(part)
}

function hasTests(project: Project): boolean {
  return project.name === 'unit' || existsSync(join(ROOT, 'test', project.name))
}

async function start([program, ...args]: readonly [string, ...string[]]): Promise<number> {
  const child = spawn(program, args, { cwd: ROOT, env, stdio: 'inherit' })
  return await new Promise((settle, refuse) => {
    child.once('error', refuse)
    child.once('exit', (code, signal) => settle(code ?? 128 + (signal === null ? 0 : constants.signals[signal])))
  })
}

process.exitCode = await main(process.argv.slice(2))
