// pawl status: what runs, as pods, Helm's record and the product's own configuration say; unknown is printed as unknown.
import { defineCommand } from '../define.ts'

export const status = defineCommand({
  name: 'status',
  summary: 'what runs, how long it is supported, the last proof, and whether a run is under way',
  args: '<release>',
  options: [
    { flags: '--look', text: 'look now: at the databases (may take a Job), and for the newest customer package' },
    { flags: '--profile <name>', text: 'product profile (default: what pawl init recorded, else by the chart name)' },
    {
      flags: '--export <format>',
      text: 'prometheus: as metrics, for example for the textfile collector of node_exporter',
    },
    { flags: '--out <file>', text: 'with --export: file to write, whole or not at all (default: standard output)' },
  ],
  examples: [
    'pawl status carto -n carto',
    'pawl status carto -n carto --look -o json',
    'pawl status carto -n carto --export prometheus --out carto.prom',
  ],
  run: async (...given) => await (await import('./status.run.ts')).status(...given),
})
