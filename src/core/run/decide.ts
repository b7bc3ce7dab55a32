// Pure and total: from the journal's state and one observation of the next step to the one thing to do now.
import { PawlError, reportOf, type ErrorReport } from '../errors.ts'
import type { Protocol, ProtocolRow } from './protocol.ts'
import type { Evidence, Phase, RunState, StepName } from './run.ts'

/** What a step sees when it looks at the world; `unknown` is an answer, never a guess. */
export type Observation =
  /** The effect is there. */
  | { is: 'done'; evidence: Evidence }
  /** The effect is not there and may be started. */
  | { is: 'todo' }
  /** The effect has been started (by whomever) and is under way. */
  | { is: 'waiting'; on: string; forMs: number }
  /** The effect was tried and cannot be had this way. */
  | { is: 'failed'; error: ErrorReport }
  | { is: 'unknown'; why: string }

export type Decision =
  | { do: 'act'; step: StepName; attempt: number }
  | { do: 'wait'; step: StepName; on: string; forMs: number }
  | { do: 'record'; step: StepName; evidence: Evidence; phase?: Phase }
  | { do: 'record-failure'; step: StepName; attempt: number; error: ErrorReport }
  | { do: 'park'; step: StepName; error: ErrorReport }
  | { do: 'end'; outcome: 'done' | 'aborted' | 'recovered' }
  | { do: 'nothing'; because: 'ended' | 'parked' }

/** The next row of the table that is not done; `undefined` where the phase has none left. */
export function nextRow(protocol: Protocol, state: RunState): ProtocolRow | undefined {
  return protocol.find((row) => row.phase === state.phase && state.steps[row.step]?.done !== true)
}

export function decide(protocol: Protocol, state: RunState, observed: Observation | undefined): Decision {
  if (state.ended !== undefined) return { do: 'nothing', because: 'ended' }
  if (state.parked !== undefined) return { do: 'nothing', because: 'parked' }
  const row = nextRow(protocol, state)
  if (row === undefined) return endOf(state)
  const { failures, forgiven } = state.steps[row.step] ?? { failures: 0, forgiven: 0 }
  if (observed === undefined) return parkUnknown(row.step, 'nothing was observed')
  switch (observed.is) {
    case 'done':
      return { do: 'record', step: row.step, evidence: observed.evidence, ...(row.opens ? { phase: row.opens } : {}) }
    case 'waiting':
      return { do: 'wait', step: row.step, on: observed.on, forMs: observed.forMs }
    case 'unknown':
      return parkUnknown(row.step, observed.why)
    case 'todo':
      if (failures - forgiven < row.maxAttempts) return { do: 'act', step: row.step, attempt: failures + 1 }
      return { do: 'park', step: row.step, error: state.steps[row.step]?.lastError ?? exhausted(row) }
    case 'failed':
      return { do: 'park', step: row.step, error: observed.error }
  }
}

/**
 * What to do when acting threw: another try where the error's table says that it may help and tries are left,
 * otherwise the run is parked.
 */
export function afterFailure(
  protocol: Protocol,
  state: RunState,
  step: StepName,
  attempt: number,
  error: ErrorReport,
  retryable: boolean,
): Decision {
  const row = protocol.find((candidate) => candidate.step === step && candidate.phase === state.phase)
  const forgiven = state.steps[step]?.forgiven ?? 0
  if (row !== undefined && retryable && attempt - forgiven < row.maxAttempts)
    return { do: 'record-failure', step, attempt, error }
  return { do: 'park', step, error }
}

function endOf(state: RunState): Decision {
  switch (state.phase) {
    case 'DONE':
      return { do: 'end', outcome: 'done' }
    case 'ABORTED':
      return { do: 'end', outcome: 'aborted' }
    case 'RECOVERED':
      return { do: 'end', outcome: 'recovered' }
    default:
      return parkUnknown('verify', `phase ${state.phase} has no step left and is not an end`)
  }
}

function parkUnknown(step: StepName, why: string): Decision {
  const error = new PawlError({ code: 'unknown-state', message: `step ${step}: ${why}` })
  return { do: 'park', step, error: reportOf(error) }
}

function exhausted(row: ProtocolRow): ErrorReport {
  return reportOf(
    new PawlError({
      code: 'unknown-state',
      message: `step ${row.step} was tried ${row.maxAttempts} times without effect`,
    }),
  )
}
