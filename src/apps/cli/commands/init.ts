// pawl init: what Pawl needs in the cluster, once. Idempotent: it creates what is missing and changes only what it is told to.
import { defineCommand } from '../define.ts'
import { DEFAULT_IMAGE, DEFAULT_SIZE } from '../defaults.ts'
import { REACH_OPTIONS, STORE_FORMS } from '../store-option.ts'

export const init = defineCommand({
  name: 'init',
  summary: 'prepare a namespace: resource definitions, encryption key, backup store; safe to repeat',
  args: '<release>',
  options: [
    { flags: '--store <where>', text: `${STORE_FORMS} (default: volume:pawl-store)` },
    ...REACH_OPTIONS,
    { flags: '--store-size <quantity>', text: `volume: size of the claim that is created (default: ${DEFAULT_SIZE})` },
    { flags: '--charts <where>', text: 'chart repository URL, oci:// address, or directory with chart archives' },
    {
      flags: '--recovery <way>',
      text: "staged: upgrades leave the proof's copy on the database server for a recovery in milliseconds; store: they do not (default)",
    },
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
    { flags: '--no-guard', text: 'leave the guard out: nothing in the cluster refuses an old release then' },
    { flags: '--print', text: 'print what belongs to the cluster as YAML, for an administrator; change nothing' },
    { flags: '--dry-run', text: 'say what would be created, change nothing' },
  ],
  examples: [
    'pawl init carto -n carto --charts https://charts.example.com',
    'pawl init carto -n carto --store s3://backups/carto --store-credentials s3-key',
    'pawl init carto -n carto --store gs://backups/carto --store-service-account pawl-backup',
    'pawl init carto -n carto --store azure://account/backups/carto --store-credentials azure-key',
  ],
  run: async (...given) => await (await import('./init.run.ts')).init(...given),
})
