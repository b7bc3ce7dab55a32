// Packages the chart of every release from the one template tree, with what sets the release apart as data beside it.
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { packageTrees } from '../../../../examples/tally/build/charts.ts'
import { componentsOf, SECRET_VARIABLES } from './components.ts'
import { cartoDirectory, RELEASES, traitsOf, type CartoRelease } from './releases.ts'
import { valuesOf } from './values.ts'

const chartDirectory = join(cartoDirectory, 'chart')

/** Name of a packaged chart inside the repository directory. */
export function cartoChartFile(release: Pick<CartoRelease, 'chartVersion'>): string {
  return `carto-${release.chartVersion}.tgz`
}

/** Writes `carto-<chartVersion>.tgz` for every release, and index.yaml, into `outDirectory`. */
export async function packageCartoCharts(outDirectory: string, helmPath: string): Promise<string[]> {
  const trees = RELEASES.map((release) => ({
    chart: 'carto',
    version: release.chartVersion,
    date: release.date,
    stage: (directory: string) => stageCartoChart(release, directory),
  }))
  return await packageTrees(outDirectory, helmPath, trees)
}

function stageCartoChart(release: CartoRelease, directory: string): void {
  const traits = traitsOf(release)
  cpSync(chartDirectory, directory, { recursive: true })
  const about = parse(readFileSync(join(chartDirectory, 'Chart.yaml'), 'utf8')) as Record<string, unknown>
  const { appVersion, chartVersion: version, minVersion } = release
  write(join(directory, 'Chart.yaml'), { ...about, version, appVersion, annotations: { minVersion } })
  write(join(directory, 'values.yaml'), valuesOf(traits))
  write(join(directory, 'release.yaml'), {
    ...traits,
    components: componentsOf(traits),
    secretVariables: SECRET_VARIABLES,
  })
}

function write(file: string, content: object): void {
  writeFileSync(file, stringify(content, { lineWidth: 0, aliasDuplicateObjects: false }))
}
