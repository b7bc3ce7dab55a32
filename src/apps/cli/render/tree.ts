// One run as a tree of its steps: what is done and what it found, what goes on, what is still to come.
import { nextRow } from '../../../core/run/decide.ts'
import { protocolOf, type ProtocolRow } from '../../../core/run/protocol.ts'
import type { Run, RunSpec, RunState, StepState } from '../../../core/run/run.ts'
import { formatDuration, formatTime, millisecondsBetween } from './format.ts'
import { evidenceLine, STEP_TITLES } from './steps.ts'
import { clean, cleanLine, mark, type Mark, type Paint } from './style.ts'
import { padEnd, padStart } from './width.ts'

const NAME_COLUMNS = 9
const TIME_COLUMNS = 11
const TEXT_INDENT = ' '.repeat(2 + 2 + NAME_COLUMNS + 1 + TIME_COLUMNS + 2)
const RULE = '─'

export interface TreeOptions {
  paint: Paint
  now: Date
  /** What the current step says of itself. */
  live?: readonly string[]
}

/** `Upgrade of tally -n shop: 2026.2.9 -> 2026.3.9` */
export function titleOf(run: Run): string {
  const { spec, namespace } = run
  return cleanLine(`${KINDS[spec.kind]} of ${spec.plan.release} -n ${namespace}: ${versionsOf(spec)}`)
}

const KINDS = { upgrade: 'Upgrade', recovery: 'Recovery', backup: 'Backup' } as const

function versionsOf(spec: RunSpec): string {
  switch (spec.kind) {
    case 'upgrade':
      return `${spec.plan.from.appVersion} -> ${spec.plan.to.appVersion}`
    case 'recovery':
      return `back to ${spec.plan.to.appVersion}, backup set ${spec.plan.set}`
    case 'backup':
      return spec.plan.of.appVersion
  }
}

/** Every line of the tree, without the end that `endLines` gives. */
export function treeLines(run: Run, state: RunState, options: TreeOptions): string[] {
  const { paint } = options
  const head = [
    `${paint('bold', titleOf(run))}  ${paint('dim', `phase ${state.phase}`)}`,
    paint('dim', cleanLine(`run ${run.name}, by ${run.spec.by}`)),
  ]
  return [...head, ...visibleRows(run, state).flatMap((row) => rowLines(row, run, state, options))]
}

/** How the run ended, is parked or was stopped; nothing while it goes on. */
export function endLines(run: Run, state: RunState, paint: Paint): string[] {
  const target = `${run.spec.plan.release} -n ${run.namespace}`
  if (state.ended !== undefined) {
    const took = millisecondsBetween(run.events[0]?.at, state.ended.at)
    const good = state.ended.outcome === 'done' || state.ended.outcome === 'recovered'
    return [
      `${mark(paint, good ? 'done' : 'warn')} ${state.ended.outcome}${took === undefined ? '' : ` after ${formatDuration(took)}`}${OUTCOMES[state.ended.outcome]}`,
    ]
  }
  if (state.parked !== undefined) {
    const { step, error, next } = state.parked
    return [
      `${mark(paint, 'failed')} ${paint('red', `parked at ${step}`)} (${error.code})`,
      ...indented(error.message),
      ...(error.unchanged === undefined ? [] : [`  not changed: ${cleanLine(error.unchanged)}`]),
      `  next: ${paint('bold', cleanLine(next))}`,
    ]
  }
  if (state.stoppedAt === undefined) return []
  return [
    `${mark(paint, 'warn')} stopped ${formatTime(state.stoppedAt)}`,
    `  next: ${paint('bold', cleanLine(`pawl runs resume ${target}`))}`,
  ]
}

const OUTCOMES = {
  done: '',
  aborted: ': what was stopped runs again',
  recovered: '',
  superseded: ': a recovery took its place',
} as const

/** Rows that were, are or will be: an aborted run shows what it did and what it undoes, any other leaves the undoing out. */
function visibleRows(run: Run, state: RunState): ProtocolRow[] {
  const isGivenUp = state.phase === 'ABORTING' || state.phase === 'ABORTED'
  return protocolOf(run.spec.kind).filter((row) => {
    const isUndoing = row.phase === 'ABORTING'
    return isGivenUp ? isUndoing || state.steps[row.step]?.startedAt !== undefined : !isUndoing
  })
}

function rowLines(row: ProtocolRow, run: Run, state: RunState, options: TreeOptions): string[] {
  const { paint, now, live = [] } = options
  const step = state.steps[row.step]
  const which = markOf(row, run, state)
  const isNow = which === 'now'
  const time = timeOf(step, isNow ? now : state.parked?.step === row.step ? state.parked.at : undefined)
  const told = step?.done === true ? evidenceLine(row.step, step.evidence ?? {}) : STEP_TITLES[row.step]
  const again =
    isNow && step !== undefined && step.failures > step.forgiven ? `try ${step.failures - step.forgiven + 1}: ` : ''
  const text = which === 'todo' ? paint('dim', told) : `${again}${told}`
  const name = padEnd(row.step, NAME_COLUMNS)
  const line = `  ${mark(paint, which)} ${isNow ? paint('bold', name) : name} ${padStart(time, TIME_COLUMNS)}  ${text}`
  return [
    line,
    ...(isNow ? live.map((one) => `${TEXT_INDENT}${paint('cyan', one)}`) : []),
    ...ruleAfter(row, state, paint),
  ]
}

function ruleAfter(row: ProtocolRow, state: RunState, paint: Paint): string[] {
  if (row.opens !== 'PONR') return []
  const crossedAt = state.steps[row.step]?.endedAt
  const text = crossedAt === undefined ? 'point of no return' : `point of no return, crossed ${formatTime(crossedAt)}`
  return [
    paint(
      crossedAt === undefined ? 'dim' : 'yellow',
      `  ${RULE.repeat(2)} ${text} ${RULE.repeat(Math.max(2, 52 - text.length))}`,
    ),
  ]
}

function markOf(row: ProtocolRow, run: Run, state: RunState): Mark {
  if (state.steps[row.step]?.done === true) return 'done'
  if (state.parked?.step === row.step) return 'failed'
  if (state.ended !== undefined) return state.steps[row.step]?.lastError === undefined ? 'todo' : 'failed'
  if (nextRow(protocolOf(run.spec.kind), state)?.step !== row.step || state.parked !== undefined) return 'todo'
  return state.stoppedAt === undefined ? 'now' : 'warn'
}

/** From the first intent to the end, or until `until` where there is none. */
function timeOf(step: StepState | undefined, until: Date | string | undefined): string {
  const ms = millisecondsBetween(step?.startedAt, step?.endedAt ?? until)
  return ms === undefined ? '' : formatDuration(ms)
}

function indented(text: string): string[] {
  return clean(text)
    .trimEnd()
    .split('\n')
    .map((line) => `  ${line}`)
}
