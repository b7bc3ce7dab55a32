// The protocol as a table: which steps a run of each kind takes, in which phase, and which phase the last of them opens.
// No row leads back over the point of no return; no row undoes a migration. The order of rows is the order of effects.
import type { Phase, RunKind, StepName } from './run.ts'

export interface ProtocolRow {
  step: StepName
  phase: Phase
  /** Phase that begins when this step is done. */
  opens?: Phase
  /** How often the step's effect may be tried before the run is parked. */
  maxAttempts: number
}

export type Protocol = readonly ProtocolRow[]

const UPGRADE: Protocol = [
  { step: 'capture', phase: 'PLANNED', maxAttempts: 3 },
  { step: 'quiesce', phase: 'PLANNED', opens: 'QUIESCED', maxAttempts: 2 },
  { step: 'backup', phase: 'QUIESCED', maxAttempts: 2 },
  { step: 'prove', phase: 'QUIESCED', maxAttempts: 2 },
  // The journal entry of this step is the point of no return itself: it has no other effect.
  { step: 'commit', phase: 'QUIESCED', opens: 'PONR', maxAttempts: 1 },
  { step: 'stage', phase: 'PONR', maxAttempts: 2 },
  { step: 'migrate', phase: 'PONR', maxAttempts: 1 },
  { step: 'rollout', phase: 'PONR', maxAttempts: 2 },
  { step: 'verify', phase: 'PONR', opens: 'DONE', maxAttempts: 1 },
  { step: 'reopen', phase: 'ABORTING', opens: 'ABORTED', maxAttempts: 5 },
]

const RECOVERY: Protocol = [
  { step: 'quiesce', phase: 'REC', maxAttempts: 3 },
  { step: 'restore', phase: 'REC', maxAttempts: 3 },
  { step: 'swap', phase: 'REC', opens: 'RESTORED', maxAttempts: 3 },
  { step: 'reinstall', phase: 'RESTORED', maxAttempts: 3 },
  { step: 'verify', phase: 'RESTORED', opens: 'RECOVERED', maxAttempts: 1 },
]

const BACKUP: Protocol = [
  { step: 'capture', phase: 'PLANNED', maxAttempts: 3 },
  { step: 'backup', phase: 'PLANNED', maxAttempts: 2 },
  { step: 'prove', phase: 'PLANNED', opens: 'DONE', maxAttempts: 2 },
  { step: 'reopen', phase: 'ABORTING', opens: 'ABORTED', maxAttempts: 5 },
]

export function protocolOf(kind: RunKind): Protocol {
  switch (kind) {
    case 'upgrade':
      return UPGRADE
    case 'recovery':
      return RECOVERY
    case 'backup':
      return BACKUP
  }
}

export function firstPhaseOf(kind: RunKind): Phase {
  return kind === 'recovery' ? 'REC' : 'PLANNED'
}

/** Before the point of no return a run can be given up without touching a database. */
export function canAbort(phase: Phase): boolean {
  return phase === 'PLANNED' || phase === 'QUIESCED'
}

/** From here on the schema may differ from the source's: only forward, or recovery. */
export function isPastPointOfNoReturn(phase: Phase): boolean {
  return phase === 'PONR' || phase === 'DONE'
}
