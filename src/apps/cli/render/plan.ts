// pawl plan: what an upgrade would do, gate by gate; and what a recovery would bring back and lose.
import { refusalOf, unacceptedGates } from '../../../core/plan/build.ts'
import type { GateAnswer, Plan, PlannedDatabase, Writer } from '../../../core/plan/plan.ts'
import type { RecoveryPlan } from '../../../core/run/run.ts'
import { changeLines } from './changes.ts'
import { formatBytes, formatCount, formatDuration, formatTime, plural, shortHash } from './format.ts'
import { cleanLine, mark, paintWith, type Mark, type Paint } from './style.ts'
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

export interface PlanView {
  colour: boolean
  /** Every line of every change. */
  diff?: boolean
}

export function renderPlan(plan: Plan, { colour, diff = false }: PlanView): string {
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
    ...changes(plan, paint, diff),
    ...(wasLookedAt(plan) ? howLong(plan, paint) : []),
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
      plan.sourceLoad === undefined
        ? 'Databases, each backed up, proven and then migrated alone'
        : 'Databases, each counted, backed up to restored+ and then migrated alone',
      renderTable(DATABASES, plan.databases.map(databaseRow), paint, 2),
    ),
    ...section(paint, 'Writers, stopped meanwhile', renderTable(WRITERS, plan.writers.map(writerRow), paint, 2)),
  ]
}

/** Also where a gate refused: what would change is often why. */
function changes({ changes: all }: Plan, paint: Paint, diff: boolean): string[] {
  const hint =
    diff || all.every(({ details, topic }) => details.length === 0 || topic !== undefined)
      ? ''
      : ', every line with --diff'
  return section(
    paint,
    `Changes to ${plural(all.length, 'object')}${hint}`,
    all.flatMap((change) => changeLines(change, paint, diff)),
  )
}

function howLong(plan: Plan, paint: Paint): string[] {
  return [
    '',
    `Backup and proof take about ${formatDuration(plan.estimate.backupSeconds * 1000)}; the product is down for about ${formatDuration(plan.estimate.downtimeSeconds * 1000)}`,
    paint('dim', `  from ${cleanLine(plan.estimate.basedOn)}`),
    recoveryLine(plan),
  ]
}

function recoveryLine({ staged, estimate, release, namespace }: Plan): string {
  const about = `A recovery would take about ${formatDuration(estimate.recoverySeconds * 1000)}`
  if (staged === undefined) return `${about}: databases are restored from the store (--recovery staged: renamed)`
  return cleanLine(
    `${about}: the proof's copies, ${formatBytes(staged.bytes)}, stay on the database server and are renamed, until "pawl runs accept ${release} -n ${namespace}"`,
  )
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
    paint('dim', cleanLine(`backup set ${set}${of === undefined ? '' : `, back from ${of}`}`)),
    ...section(
      paint,
      plan.staged === undefined
        ? 'Databases, restored beside the live ones, compared, then exchanged by name'
        : `Databases, which stand beside the live ones since ${formatTime(plan.staged.at)}: exchanged by name, then compared`,
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
