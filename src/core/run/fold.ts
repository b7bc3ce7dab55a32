// Journal entries in, state out. The only place that says what an entry means.
import type { RunEvent, RunState, StepName, StepState } from './run.ts'

export const EMPTY_STATE: RunState = { phase: 'PLANNED', steps: {}, fence: 0, abortRequested: false, events: 0 }

export function fold(events: readonly RunEvent[]): RunState {
  return events.reduce(apply, EMPTY_STATE)
}

export function apply(state: RunState, entry: RunEvent): RunState {
  const next: RunState = { ...state, fence: Math.max(state.fence, entry.fence), events: state.events + 1 }
  switch (entry.event) {
    case 'created':
      return { ...next, phase: entry.phase }
    case 'owned':
      return without({ ...next, holder: entry.holder }, 'stoppedAt')
    case 'intent':
      return withStep(next, entry.step, (step) => ({ ...step, startedAt: step.startedAt ?? entry.at }))
    case 'done':
      return {
        ...withStep(next, entry.step, (step) => ({ ...step, done: true, evidence: entry.evidence, endedAt: entry.at })),
        phase: entry.phase ?? next.phase,
      }
    case 'failed':
      return withStep(next, entry.step, (step) => ({ ...step, failures: entry.attempt, lastError: entry.error }))
    case 'parked':
      return {
        ...withStep(next, entry.step, (step) => ({ ...step, failures: step.failures + 1, lastError: entry.error })),
        parked: { step: entry.step, error: entry.error, next: entry.next, at: entry.at },
      }
    case 'resumed':
      // A person asked to go on: what parked the run gets its tries again.
      return without(
        next.parked === undefined
          ? next
          : withStep(next, next.parked.step, (step) => ({ ...step, forgiven: step.failures })),
        'parked',
      )
    case 'abort-requested':
      return without({ ...next, abortRequested: true, phase: 'ABORTING' }, 'parked')
    case 'stopped':
      return { ...next, stoppedAt: entry.at }
    case 'ended':
      return without({ ...next, ended: { outcome: entry.outcome, at: entry.at } }, 'parked')
  }
}

function withStep(state: RunState, name: StepName, change: (step: StepState) => StepState): RunState {
  const step = state.steps[name] ?? { failures: 0, forgiven: 0, done: false }
  return { ...state, steps: { ...state.steps, [name]: change(step) } }
}

function without<K extends keyof RunState>(state: RunState, key: K): RunState {
  const { [key]: _gone, ...rest } = state
  return rest as RunState
}
