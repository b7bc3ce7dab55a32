// pawl init: what Pawl needs in the cluster, once. Idempotent: it creates what is missing and changes only what it is told to.
import { defineCommand } from '../define.ts'
import { DEFAULT_IMAGE, DEFAULT_SIZE } from '../defaults.ts'

export const init = defineCommand({
  name: 'init',
  summary: 'prepare a namespace: resource definitions, encryption key, backup store; safe to repeat',
  args: '<release>',
  options: [
    { flags: '--store <where>', text: 'volume[:CLAIM], s3://BUCKET/PREFIX or dir:/PATH (default: volume:pawl-store)' },
    { flags: '--store-endpoint <url>', text: 's3: endpoint of a store that is not Amazon' },
    { flags: '--store-region <name>', text: 's3: region' },
    { flags: '--store-credentials <secret>', text: 's3: Secret with accessKeyId and secretAccessKey' },
    { flags: '--store-size <quantity>', text: `volume: size of the claim that is created (default: ${DEFAULT_SIZE})` },
    { flags: '--charts <where>', text: 'chart repository URL, or directory with chart archives' },
    {
      flags: '--data-image <image>',
      text: `image of the data Jobs; {major} is the PostgreSQL major (default: ${DEFAULT_IMAGE})`,
    },
    {
      flags: '--recipient <age1...>',
      text: 'further age recipient that can open every backup; may be repeated',
      many: true,
    },
    { flags: '--profile <name>', text: 'product profile (default: recognised by the chart name)' },
    { flags: '--dry-run', text: 'say what would be created, change nothing' },
  ],
  examples: [
    'pawl init carto -n carto --charts https://charts.example.com',
    'pawl init carto -n carto --store s3://backups/carto --store-credentials s3-key',
  ],
  run: async (...given) => await (await import('./init.run.ts')).init(...given),
})
