// pawl backup: take a backup set beside running writers, list the sets there are, prove one again.
import { defineCommand } from '../define.ts'

export const backupCreate = defineCommand({
  name: 'backup create',
  summary: 'take a backup set of every required database and prove it; the product keeps running',
  args: '<release>',
  options: [
    { flags: '--no-prove', text: 'archive only; such a set does not count as proven' },
    { flags: '--charts <where>', text: 'chart repository URL or directory (default: what pawl init was told)' },
  ],
  run: async (...given) => await (await import('./backup.run.ts')).backupCreate(...given),
})

export const backupList = defineCommand({
  name: 'backup list',
  summary: 'the backup sets of a release, newest last, with the rung each has reached',
  args: '<release>',
  run: async (session, args) => await (await import('./backup.run.ts')).backupList(session, args),
})

export const backupProve = defineCommand({
  name: 'backup prove',
  summary: 'prove a backup set (again) from its stored bytes; the newest where none is named',
  args: '<release> [set]',
  options: [{ flags: '--quiet', text: 'print only the outcome' }],
  run: async (...given) => await (await import('./backup.run.ts')).backupProve(...given),
})
