// pawl recover: the only way back. Databases come back from a proven backup set, with the chart and values that belong to them.
import { defineCommand } from '../define.ts'

export const recover = defineCommand({
  name: 'recover',
  summary: 'bring databases and release back to a proven backup set; says first which writes will be lost',
  args: '<release>',
  options: [
    { flags: '--set <name>', text: 'backup set to come back to (default: the one of the last upgrade)' },
    { flags: '--charts <where>', text: 'chart repository URL or directory (default: what pawl init was told)' },
    { flags: '--rollout-timeout <seconds>', text: 'how long the release may take to become ready', default: '300' },
    { flags: '--dry-run', text: 'say what would be lost and done; changes nothing' },
  ],
  examples: ['pawl recover carto -n carto'],
  run: async (...given) => await (await import('./recover.run.ts')).recover(...given),
})
