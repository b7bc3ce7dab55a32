// The one next command that a stopped or parked run names.
import { ERRORS, type ErrorReport } from '../errors.ts'
import { isPastPointOfNoReturn } from './protocol.ts'
import type { Phase, RunKind, StepName } from './run.ts'

export interface Where {
  release: string
  namespace: string
}

/**
 * Before the point of no return giving up is safe, after it recovery is the way back; a recovery itself only goes on.
 */
export function nextCommand(kind: RunKind, phase: Phase, step: StepName, error: ErrorReport, where: Where): string {
  const target = `${where.release} -n ${where.namespace}`
  if (kind === 'recovery' || kind === 'backup') return `pawl runs resume ${target}`
  if (isPastPointOfNoReturn(phase)) {
    // A write that the backup lacks does not go away by trying again; a release that could not be staged may, as may what
    // the table calls worth another try, for example an API server that did not answer.
    const forward = step === 'stage' && error.code !== 'migration-failed' && error.code !== 'writes-after-backup'
    return forward || ERRORS[error.code].retryable ? `pawl runs resume ${target}` : `pawl recover ${target}`
  }
  if (phase === 'ABORTING') return `pawl runs resume ${target}`
  return `pawl runs abort ${target}`
}
