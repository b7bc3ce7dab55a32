// What each step does, and what it found, in one line for a person.
import { isRecord, listOf, recordOf, textOf } from '../../../core/json.ts'
import type { Evidence, StepName } from '../../../core/run/run.ts'
import { formatBytes, formatDuration, plural, shortHash } from './format.ts'
import { cleanLine } from './style.ts'

export const STEP_TITLES: Record<StepName, string> = {
  capture: 'keep chart, values and record of the running release',
  quiesce: 'stop every writer; the databases say that they are still',
  backup: 'every database in one locked snapshot, encrypted and stored',
  prove: 'restore the stored bytes and compare them row for row',
  commit: 'look once more that nothing was written since the backup',
  stage: 'put the new release in place with nothing running',
  migrate: 'migrate each database alone',
  rollout: 'start the new release and wait until it is ready',
  verify: 'look at what runs and at what the databases record',
  reopen: 'start again what was stopped',
  restore: 'have the backup beside the live databases, restored and compared',
  swap: 'exchange by name; the broken databases are kept',
  reinstall: 'put back the chart and values that belong to the data',
}

/** What a done step left, or an empty text where there is nothing worth a line. */
export function evidenceLine(step: StepName, evidence: Evidence): string {
  return cleanLine(LINES[step](evidence))
}

const LINES: Record<StepName, (evidence: Evidence) => string> = {
  capture: (evidence) => plural(listOf(evidence['deployments']).length, 'Deployment') + ' remembered',
  quiesce: (evidence) => `${names(evidence)} ${records(evidence['databases']).length === 1 ? 'is' : 'are'} still`,
  backup: (evidence) =>
    `${contents(evidence)}, ${formatBytes(total(evidence, 'archiveBytes'))} archived, set ${text(evidence['set'])}`,
  prove: proofLine,
  commit: () => 'nothing was written since the backup',
  stage: (evidence) => `chart ${text(evidence['chart'])} is revision ${text(evidence['revision'])}`,
  migrate: (evidence) => records(evidence['databases']).map(migrationLine).join(', '),
  rollout: readyLine,
  verify: (evidence) => [readyLine(evidence), ...migrationsSeen(evidence), ...rehearsalSeen(evidence)].join(', '),
  reopen: reopenLine,
  restore: restoreLine,
  swap: swapLine,
  reinstall: readyLine,
}

function proofLine(evidence: Evidence): string {
  if (evidence['asked'] !== undefined) return `${text(evidence['rung'])}; no proof was asked for`
  const open = listOf(evidence['notCovered']).length
  const copies = records(evidence['copies']).length
  const kept = copies === 0 ? '' : `, ${plural(copies, 'copy', 'copies')} kept beside`
  const equal = evidence['rung'] === 'restored+' ? 'equal to its dump, the source only counted' : 'equal'
  return `${text(evidence['rung'])}: restored and ${equal}${kept}${open === 0 ? '' : `, ${plural(open, 'thing')} not covered`}`
}

function restoreLine(evidence: Evidence): string {
  if (evidence['from'] === 'staged') return `${contents(evidence)}, as the proof left them on the server`
  const why = textOf(evidence['why'])
  return `${contents(evidence)}, equal to the backup${why === undefined ? '' : `; from the store, because ${why}`}`
}

function swapLine(evidence: Evidence): string {
  const exchanged = records(evidence['databases']).map((one) =>
    one['kept'] === undefined
      ? `${text(one['live'])} (it was gone)`
      : `${text(one['live'])} (before: ${text(one['kept'])})`,
  )
  const took = evidence['exchangedInMs'] === undefined ? [] : [`in ${text(evidence['exchangedInMs'])} ms`]
  const replaced = Object.entries(recordOf(evidence['replaced'])).map(
    ([role, why]) => `${role} from the store, because its copy was not the backup: ${text(why)}`,
  )
  const replication = records(evidence['databases']).flatMap((one) =>
    listOf(one['replication']).map((what) => `${text(one['role'])}: ${text(what)}`),
  )
  return [[...exchanged, ...took, ...replaced].join(', '), ...replication].join('. ')
}

function readyLine(evidence: Evidence): string {
  const ready = `${plural(listOf(evidence['deployments']).length, 'Deployment')} ready`
  return evidence['revision'] === undefined ? ready : `revision ${text(evidence['revision'])}, ${ready}`
}

function reopenLine(evidence: Evidence): string {
  const copies = recordOf(evidence['copies'])
  const dropped = listOf(copies['dropped']).length
  const left = records(copies['left']).map((one) => `${text(one['database'])} stays: ${text(one['why'])}`)
  const gone = dropped === 0 ? [] : [`${plural(dropped, 'copy', 'copies')} dropped`]
  return [readyLine(evidence), ...gone, ...left].join(', ')
}

function migrationLine(one: Record<string, unknown>): string {
  const [from, to] = [text(one['from']), text(one['to'])]
  return from === to ? `${text(one['role'])} stays at ${to}` : `${text(one['role'])} now at ${to}`
}

function migrationsSeen(evidence: Evidence): string[] {
  return Object.entries(recordOf(evidence['migrations'])).map(([role, last]) => `${role} at ${text(last)}`)
}

function rehearsalSeen({ rehearsal }: Evidence): string[] {
  if (!isRecord(rehearsal)) return []
  const { seconds, rung, why } = rehearsal
  const took = `${formatDuration(Number(seconds) * 1000)} from the restore on`
  return [took, why === undefined ? `its set is ${text(rung)}` : `not noted on its set: ${text(why)}`]
}

/** `2 databases, 12 345 rows, digest 0123456789ab`; the digest only where there is one database. */
function contents(evidence: Evidence): string {
  const databases = records(evidence['databases'])
  const digest = databases.length === 1 ? textOf(databases[0]?.['digest']) : undefined
  const parts = [plural(databases.length, 'database'), plural(String(rowsOf(databases)), 'row')]
  return [...parts, ...(digest === undefined ? [] : [`digest ${shortHash(digest)}`])].join(', ')
}

function rowsOf(databases: Record<string, unknown>[]): bigint {
  const rows = databases.map((one) => textOf(one['rows']) ?? '0')
  return rows.reduce((sum, count) => sum + (/^\d+$/.test(count) ? BigInt(count) : 0n), 0n)
}

function total(evidence: Evidence, field: string): number {
  return records(evidence['databases']).reduce((sum, one) => sum + (typeof one[field] === 'number' ? one[field] : 0), 0)
}

function names(evidence: Evidence): string {
  return records(evidence['databases'])
    .map((one) => text(one['role']))
    .join(' and ')
}

function records(value: unknown): Record<string, unknown>[] {
  return listOf(value).filter(isRecord)
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : 'unknown'
}
