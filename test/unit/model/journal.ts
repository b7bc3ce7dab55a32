// Journals as the explorer needs them: folded by the real `apply`, with nothing in them that grows for ever, and one object
// for equal states. Times and names are constants; fencing numbers are ranks, because only their order matters.
import { apply, EMPTY_STATE } from '../../../src/core/run/fold.ts'
import { firstPhaseOf } from '../../../src/core/run/protocol.ts'
import type { Phase, RunEvent, RunKind, RunState, StepName, StepState } from '../../../src/core/run/run.ts'

export const WHO = 'somebody'
const AT = '2026-01-01T00:00:00Z'

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never
export type Entry = Without<RunEvent, 'seq' | 'at' | 'fence'>

const known = new Map<string, RunState>()
const keys = new WeakMap<RunState, string>()

export function journalKey(state: RunState): string {
  return keys.get(state) ?? describe(state)
}

export function created(kind: RunKind): RunState {
  return append(EMPTY_STATE, { event: 'created', phase: firstPhaseOf(kind), by: WHO }, 0)
}

export function append(state: RunState, entry: Entry, fence: number): RunState {
  const event = { seq: state.events, at: AT, fence, ...entry } as RunEvent
  return same(apply(state, event))
}

export function withFence(state: RunState, fence: number): RunState {
  return state.fence === fence ? state : same({ ...state, fence })
}

/** Steps that nobody looks at any more in a phase: its rows are others, and no later step reads their evidence. After the end, all. */
const FORGOTTEN: Partial<Record<Phase, readonly StepName[]>> = {
  ABORTING: ['capture', 'quiesce', 'backup', 'prove', 'commit'],
  ABORTED: ['capture', 'quiesce', 'backup', 'prove', 'commit', 'reopen'],
  PONR: ['capture', 'quiesce', 'backup', 'prove'],
  DONE: ['capture', 'quiesce', 'backup', 'prove', 'commit', 'stage', 'migrate', 'rollout', 'verify'],
  RESTORED: ['quiesce', 'restore', 'swap'],
  RECOVERED: ['quiesce', 'restore', 'swap', 'reinstall', 'verify'],
}

function same(state: RunState): RunState {
  const steps: RunState['steps'] = {}
  for (const [key, step] of Object.entries(state.steps)) {
    const name = key as StepName
    if (state.ended === undefined && FORGOTTEN[state.phase]?.includes(name) !== true)
      steps[name] = step.done ? finished(step) : tried(step)
  }
  const normal: RunState = { ...state, steps, events: 0 }
  const key = describe(normal)
  const before = known.get(key)
  if (before !== undefined) return before
  known.set(key, normal)
  keys.set(normal, `j${known.size}`)
  return normal
}

/** A step that is done is never looked at again, but for its evidence and that its intent was written. */
function finished({ startedAt, evidence }: StepState): StepState {
  return {
    failures: 0,
    forgiven: 0,
    done: true,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(evidence === undefined ? {} : { evidence }),
  }
}

/** Failures that are forgiven no longer count; only the numbers of attempts would grow with them. */
function tried(step: StepState): StepState {
  return { ...step, failures: step.failures - step.forgiven, forgiven: 0 }
}

function describe({ phase, fence, parked, ended, abortRequested, stoppedAt, steps }: RunState): string {
  const told = [phase, fence, parked?.step, parked?.error.code, parked?.next, ended?.outcome, abortRequested, stoppedAt]
  const each = Object.entries(steps).map(([name, step]) => {
    const writes = step.evidence === undefined ? '' : JSON.stringify(step.evidence)
    return `${name}:${step.startedAt === undefined ? '-' : 'i'}${step.failures}${step.done ? 'D' : '-'}${writes}${step.lastError?.code ?? ''}`
  })
  return [...told, ...each.toSorted()].join('|')
}
