// pawl unlock: frees a release that a killed Helm left pending, without a rollback.
import { defineCommand } from '../define.ts'

export const unlock = defineCommand({
  name: 'unlock',
  summary: 'free a release that a killed Helm left pending: marks its record as failed, never rolls back',
  args: '<release>',
  options: [{ flags: '--dry-run', text: 'say what was found and would be done; changes nothing' }],
  examples: ['pawl unlock carto -n carto --dry-run'],
  run: async (...given) => await (await import('./unlock.run.ts')).unlockRelease(...given),
})
