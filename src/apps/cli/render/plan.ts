// pawl plan: what an upgrade would do, gate by gate; and what a recovery would bring back and lose.
import { refusalOf, unacceptedGates } from '../../../core/plan/build.ts'
import type { GateAnswer, Plan, PlannedChange, PlannedDatabase, Writer } from '../../../core/plan/plan.ts'
import type { RecoveryPlan } from '../../../core/run/run.ts'
import { formatBytes, formatCount, formatDuration, formatTime, plural, shortHash } from './format.ts'
import { clean, cleanLine, mark, paintWith, type Mark, type Paint } from './style.ts'
import { renderTable } from './table.ts'
import { padEnd, widthOf } from './width.ts'

const DATABASES = [
  { title: 'ROLE' },
  { title: 'DATABASE' },
  { title: 'SERVER' },
  { title: 'SIZE', right: true },
  { title: 'MIGRATIONS' },
]
const WRITERS = [{ title: 'DEPLOYMENT' }, { title: 'REPLICAS', right: true }, { title: 'NUMBER OWNED BY' }]
/** Of one object's changes; the JSON form has them all. */
const MOST_DETAILS = 12

export function renderPlan(plan: Plan, colour: boolean): string {
  const paint = paintWith(colour)
  const { release, namespace, from, to, profile } = plan
  const lines = [
    paint('bold', cleanLine(`Plan for ${release} -n ${namespace}: ${from.appVersion} -> ${to.appVersion}`)),
    paint(
      'dim',
      cleanLine(`chart ${from.chartVersion} -> ${to.chartVersion}, profile ${profile}, from revision ${plan.revision}`),
    ),
    ...section(paint, 'Gates', gateLines(plan, paint)),
    ...(wasLookedAt(plan) ? whatHappens(plan, paint) : []),
    '',
    verdict(plan, paint),
    `Plan hash: ${shortHash(plan.hash)}`,
  ]
  return `${lines.join('\n')}\n`
}

/** A plan that a gate refused early knows nothing of its databases, and says nothing about them. */
function wasLookedAt(plan: Plan): boolean {
  return plan.databases.length > 0 && plan.databases.every(({ serverMajor }) => serverMajor > 0)
}

function whatHappens(plan: Plan, paint: Paint): string[] {
  return [
    ...section(
      paint,
      'Databases, each backed up, proven and then migrated alone',
      renderTable(DATABASES, plan.databases.map(databaseRow), paint, 2),
    ),
    ...section(paint, 'Writers, stopped meanwhile', renderTable(WRITERS, plan.writers.map(writerRow), paint, 2)),
    ...section(
      paint,
      `Changes to ${plural(plan.changes.length, 'object')}`,
      plan.changes.flatMap((change) => changeLines(change, paint)),
    ),
    '',
    `Backup and proof take about ${formatDuration(plan.estimate.backupSeconds * 1000)}; the product is down for about ${formatDuration(plan.estimate.downtimeSeconds * 1000)}`,
    paint('dim', `  from ${cleanLine(plan.estimate.basedOn)}`),
  ]
}

export function renderRecoveryPlan(plan: RecoveryPlan, colour: boolean): string {
  const paint = paintWith(colour)
  const { release, namespace, to, set, of, loss } = plan
  const databases = plan.databases.map((database) => {
    const { role, database: name } = database.target
    return [
      role,
      name,
      `digest ${shortHash(plan.digests[role] ?? 'unknown')}`,
      `last migration ${plan.lastMigrations[role] ?? 'unknown'}`,
    ].map(cleanLine)
  })
  const columns = ['ROLE', 'DATABASE', 'COMES BACK WITH', 'AND'].map((title) => ({ title }))
  const lines = [
    paint(
      'bold',
      cleanLine(`Recovery of ${release} -n ${namespace}: back to ${to.appVersion} (chart ${to.chartVersion})`),
    ),
    paint('dim', cleanLine(`backup set ${set}${of === undefined ? '' : `, taken by ${of}`}`)),
    ...section(
      paint,
      'Databases, restored beside the live ones, compared, then exchanged by name',
      renderTable(columns, databases, paint, 2),
    ),
    '',
    `${mark(paint, loss.rowChanges === '0' || !loss.served ? 'done' : 'warn')} ${lossLine(loss)}`,
    '  The databases as they are now are kept under a dated name.',
    '',
    `Plan hash: ${shortHash(plan.hash)}`,
  ]
  return `${lines.join('\n')}\n`
}

function lossLine({ rowChanges, since, served }: RecoveryPlan['loss']): string {
  const when = formatTime(since)
  if (rowChanges === '0') return `Nothing was written since the backup (${when}): nothing will be lost.`
  if (!/^\d+$/.test(rowChanges))
    return `What was written since the backup (${when}) will be lost; how much is ${cleanLine(rowChanges)}.`
  if (!served)
    return `No release was started since the backup (${when}): what is undone are the migrations' own ${plural(rowChanges, 'row change')}.`
  return `${formatCount(rowChanges)} row ${rowChanges === '1' ? 'change' : 'changes'} since the backup (${when}) will be lost.`
}

function section(paint: Paint, title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', paint('bold', title), ...lines]
}

const GATE_MARKS: Record<GateAnswer['answer'], Mark> = {
  pass: 'done',
  warn: 'warn',
  refuse: 'failed',
  unknown: 'unknown',
}

function gateLines(plan: Plan, paint: Paint): string[] {
  const width = Math.max(0, ...plan.gates.map(({ gate }) => widthOf(gate)))
  return plan.gates.flatMap((gate) => {
    const accepted = acceptance(plan, gate)
    const note = accepted === undefined ? '' : paint('yellow', ` (accepted by ${cleanLine(accepted)})`)
    return [
      `  ${mark(paint, GATE_MARKS[gate.answer])} ${padEnd(gate.gate, width)}  ${cleanLine(gate.evidence)}${note}`,
      ...(gate.remedy === undefined || accepted !== undefined
        ? []
        : [`${' '.repeat(width + 6)}${paint('bold', 'do:')} ${cleanLine(gate.remedy)}`]),
    ]
  })
}

function acceptance(plan: Plan, { gate }: GateAnswer): string | undefined {
  return plan.accepted.find((one) => one.gate === gate)?.by
}

function databaseRow({ target, serverMajor, sizeBytes, lastMigration, expectedMigration }: PlannedDatabase): string[] {
  const expected = expectedMigration ?? 'what the release brings'
  const migrations =
    lastMigration === expected ? `${expected}, nothing to do` : `${lastMigration ?? 'none'} -> ${expected}`
  return [
    target.role,
    target.database,
    `PostgreSQL ${serverMajor} at ${target.host}`,
    formatBytes(sizeBytes),
    migrations,
  ].map(cleanLine)
}

function writerRow({ deployment, replicas, autoscaler, scaledBy }: Writer): string[] {
  const owner = autoscaler === undefined ? (scaledBy ?? 'Helm') : `autoscaler ${autoscaler}`
  return [deployment, String(replicas), owner].map(cleanLine)
}

const CHANGE_SIGNS = { add: '+', change: '~', remove: '-' } as const
const CHANGE_FORMATS = { add: 'green', change: 'yellow', remove: 'red' } as const

function changeLines({ object, change, details }: PlannedChange, paint: Paint): string[] {
  const shown = details.slice(0, MOST_DETAILS)
  const more = details.length - shown.length
  return [
    `  ${paint(CHANGE_FORMATS[change], CHANGE_SIGNS[change])} ${cleanLine(object)}`,
    ...shown.flatMap((detail) => clean(detail).split('\n')).map((line) => paint('dim', `      ${line}`)),
    ...(more > 0 ? [paint('dim', `      and ${plural(more, 'more line')}`)] : []),
  ]
}

function verdict(plan: Plan, paint: Paint): string {
  const refusal = refusalOf(plan)
  if (refusal === undefined) {
    return `${mark(paint, 'done')} ${paint('green', 'Nothing stands in the way')}. Writers stop first; after the proof comes the point of no return.`
  }
  if (refusal.code === 'gate-unaccepted') {
    const flags = unacceptedGates(plan).map(({ gate }) => `--accept ${gate}`)
    return `${mark(paint, 'warn')} ${paint('yellow', 'Needs your word')}: read the findings; if they are all right, repeat with ${flags.join(' ')}`
  }
  const refused = plan.gates.filter(
    ({ answer, mandatory }) => answer === 'unknown' || (answer === 'refuse' && mandatory),
  )
  return `${mark(paint, 'failed')} ${paint('red', 'Refused')}: ${refused.map(({ gate }) => gate).join(', ')}. Nothing was changed.`
}
