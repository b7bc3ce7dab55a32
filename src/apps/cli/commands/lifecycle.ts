// pawl lifecycle: until when each release is supported, for people, calendars, monitoring and inventories.
import { defineCommand } from '../define.ts'
import { SOURCE_OPTIONS } from '../release-sources.ts'

export const lifecycle = defineCommand({
  name: 'lifecycle',
  summary: 'until when each release is supported; as endoflife.date, OpenEoX, iCalendar or Prometheus, too',
  args: '[product]',
  options: [
    { flags: '--export <format>', text: 'endoflife, openeox, ics, prometheus or json' },
    { flags: '--out <file>', text: 'file to write, whole or not at all (default: standard output)' },
    { flags: '--only <version>', text: 'only this release' },
    { flags: '--installed <release>', text: 'also how this Helm release stands; asks the cluster' },
    ...SOURCE_OPTIONS,
  ],
  examples: [
    'pawl lifecycle carto',
    'pawl lifecycle carto --export ics --out carto.ics',
    'pawl lifecycle carto --export openeox --only 2026.7.16',
    'pawl lifecycle carto --installed carto -n carto --export prometheus',
  ],
  run: async (...given) => await (await import('./lifecycle.run.ts')).lifecycle(...given),
})
