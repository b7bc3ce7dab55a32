// pawl runs: look at runs from any terminal, go on with one, or give one up before its point of no return.
import { defineCommand } from '../define.ts'

const RUN_ARGS = '<release> [run]'

export const runsList = defineCommand({
  name: 'runs list',
  summary: 'every run of a release, oldest first',
  args: '<release>',
  run: async (session, args) => await (await import('./runs.run.ts')).runsList(session, args),
})

export const runsShow = defineCommand({
  name: 'runs show',
  summary: 'one run with every step and its evidence (the newest where none is named)',
  args: RUN_ARGS,
  run: async (session, args) => await (await import('./runs.run.ts')).runsShow(session, args),
})

export const runsWatch = defineCommand({
  name: 'runs watch',
  summary: 'follow a run live, whoever drives it; watching changes nothing',
  args: RUN_ARGS,
  run: async (session, args) => await (await import('./runs.run.ts')).runsWatch(session, args),
})

export const runsResume = defineCommand({
  name: 'runs resume',
  summary: 'go on with a run that was stopped, parked or left behind by a process that died',
  args: RUN_ARGS,
  run: async (session, args) => await (await import('./runs.run.ts')).runsResume(session, args),
})

export const runsAbort = defineCommand({
  name: 'runs abort',
  summary: 'give a run up before its point of no return: what was stopped is started again',
  args: RUN_ARGS,
  run: async (session, args) => await (await import('./runs.run.ts')).runsAbort(session, args),
})

export const runsAccept = defineCommand({
  name: 'runs accept',
  summary: 'accept the upgrade that was made: the copies its proof left on the database server are dropped',
  args: '<release>',
  options: [{ flags: '--dry-run', text: 'say which copies stand and what else of Pawl is there; drops nothing' }],
  examples: ['pawl runs accept carto -n carto --dry-run'],
  run: async (...given) => await (await import('./runs-accept.run.ts')).runsAccept(...given),
})
