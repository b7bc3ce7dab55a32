// pawl releases: what is known of a product's releases, from the profile's history, chart sources and snapshots.
import { defineCommand } from '../define.ts'
import { SOURCE_OPTIONS } from '../release-sources.ts'

const PRODUCT = { flags: '--product <name>', text: 'name of the profile (default: carto)' }
const OUT = { flags: '--out <file>', text: 'file to write, whole or not at all (default: standard output)' }

export const releasesList = defineCommand({
  name: 'releases list',
  summary: 'every release of a product with its chart and the end of its support, oldest first',
  args: '[product]',
  options: [
    ...SOURCE_OPTIONS,
    { flags: '--all', text: 'also release candidates, tests and what came before the first release' },
    { flags: '--since <day>', text: 'only releases of this day (YYYY-MM-DD) or later' },
  ],
  examples: [
    'pawl releases list carto --since 2025-11-01',
    'pawl releases list carto --charts https://charts.example.com --all -o json',
  ],
  run: async (...given) => await (await import('./releases.run.ts')).releasesList(...given),
})

export const releasesShow = defineCommand({
  name: 'releases show',
  summary: 'one release: its charts, dates, lowest package version, end of support, and who says so',
  args: '<version>',
  options: [PRODUCT, ...SOURCE_OPTIONS],
  examples: ['pawl releases show 2026.7.16', 'pawl releases show chart:1.280.1'],
  run: async (...given) => await (await import('./releases.run.ts')).releasesShow(...given),
})

export const releasesSnapshot = defineCommand({
  name: 'releases snapshot',
  summary: 'all that is known of releases in one file, for places without a network',
  args: '[product]',
  options: [...SOURCE_OPTIONS, OUT],
  examples: ['pawl releases snapshot carto --charts https://charts.example.com --out carto-releases.json'],
  run: async (...given) => await (await import('./releases.run.ts')).releasesSnapshot(...given),
})
