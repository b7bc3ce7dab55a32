// pawl recover: the only way back. Databases come back from a proven backup set, with the chart and values that belong to them.
import { defineCommand } from '../define.ts'
import { EFFORT_OPTIONS } from '../effort-options.ts'
import { REACH_OPTIONS } from '../store-option.ts'

export const recover = defineCommand({
  name: 'recover',
  summary: 'bring databases and release back to a proven backup set; says first which writes will be lost',
  args: '<release>',
  options: [
    { flags: '--set <name>', text: 'backup set to come back to (default: the one of the last upgrade)' },
    {
      flags: '--recovery <way>',
      text: 'store: leave copies that stand beside the databases alone (default: they are used)',
    },
    { flags: '--charts <where>', text: 'chart repository URL or directory (default: what pawl init was told)' },
    { flags: '--rollout-timeout <seconds>', text: 'how long the release may take to become ready', default: '300' },
    { flags: '--from <store>', text: 'a lost cluster: bring the release back from this store into an empty namespace' },
    { flags: '--identity <file>', text: 'with --from: the key that "pawl keys export" wrote' },
    { flags: '--data-image <image>', text: 'with --from: image of the data Jobs (default: what the set remembers)' },
    ...REACH_OPTIONS,
    ...EFFORT_OPTIONS,
    { flags: '--dry-run', text: 'say what would be lost and done; changes nothing' },
  ],
  examples: [
    'pawl recover carto -n carto',
    'pawl recover carto -n carto --from s3://backups/carto --store-credentials s3-key --identity carto-backup-key.txt',
  ],
  run: async (session, args, options) =>
    options['from'] === undefined
      ? await (await import('./recover.run.ts')).recover(session, args, options)
      : await (await import('./recover-lost.run.ts')).recoverLost(session, args, options),
})
