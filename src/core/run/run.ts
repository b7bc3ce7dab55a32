// A run: one upgrade, recovery or backup, with its journal. Facts of the journal are folded into the state; nothing else is believed.
import type { StagedCopies } from '../backup/staged.ts'
import type { Effort } from '../data/effort.ts'
import type { ErrorReport } from '../errors.ts'
import type { ImagesWish } from '../images/wish.ts'
import type { Plan, ProductRelease, Writer, PlannedDatabase } from '../plan/plan.ts'

export type RunKind = 'upgrade' | 'recovery' | 'backup'

export type Phase = 'PLANNED' | 'QUIESCED' | 'PONR' | 'DONE' | 'ABORTING' | 'ABORTED' | 'REC' | 'RESTORED' | 'RECOVERED'

export const TERMINAL_PHASES: readonly Phase[] = ['DONE', 'ABORTED', 'RECOVERED']

export type StepName =
  | 'capture'
  | 'quiesce'
  | 'backup'
  | 'prove'
  | 'commit'
  | 'stage'
  | 'migrate'
  | 'rollout'
  | 'verify'
  | 'reopen'
  | 'restore'
  | 'swap'
  | 'reinstall'

export interface RecoveryPlan {
  release: string
  namespace: string
  profile: string
  /** Backup set to come back to. */
  set: string
  /** Digest of each database in that set, by role. */
  digests: Record<string, string>
  /** Last migration each database had in that set, by role. */
  lastMigrations: Record<string, string>
  to: ProductRelease
  /** Copies of the set that stand beside the live databases: they are given the live names, where they are still what they were. */
  staged?: StagedCopies
  /** The upgrade run this recovers from, where there is one: not always the one that took the set. */
  of?: string
  databases: PlannedDatabase[]
  /** Every Deployment that may write now, and what ran at the time of the backup. */
  writers: Writer[]
  /**
   * What will be lost, told before the person agreed. `served`: a release was started again since the backup; where it was
   * not, every row change is the migrations' own.
   */
  loss: { rowChanges: string; since: string; served: boolean }
  createdAt: string
  hash: string
}

export interface BackupPlan {
  release: string
  namespace: string
  profile: string
  of: ProductRelease
  databases: PlannedDatabase[]
  prove: boolean
  /** The source's rows are counted, not read a second time: such a set reaches `restored+`. */
  sourceLoad?: 'low'
  /** The set holds the images of the release as well. */
  images?: ImagesWish
  createdAt: string
}

export type RunSpec =
  | { kind: 'upgrade'; plan: Plan; by: string; effort?: Effort }
  | { kind: 'recovery'; plan: RecoveryPlan; by: string; effort?: Effort }
  | { kind: 'backup'; plan: BackupPlan; by: string; effort?: Effort }

/** Journal entries. `seq` counts from 0, `fence` is the fencing number of who wrote it, `at` ISO 8601 in UTC. */
export type RunEvent = { seq: number; at: string; fence: number } & (
  | { event: 'created'; phase: Phase; by: string }
  | { event: 'owned'; holder: string }
  /** Written before the effect. */
  | { event: 'intent'; step: StepName; attempt: number }
  /** Written after the effect was observed to be there. */
  | { event: 'done'; step: StepName; evidence: Evidence; phase?: Phase }
  | { event: 'failed'; step: StepName; attempt: number; error: ErrorReport }
  | { event: 'parked'; step: StepName; error: ErrorReport; next: string }
  | { event: 'resumed'; by: string }
  | { event: 'abort-requested'; by: string }
  | { event: 'stopped'; by: string; why: string }
  | { event: 'ended'; outcome: 'done' | 'aborted' | 'recovered' | 'superseded'; note?: string }
)

/** What a finished step leaves for later steps and for people: plain JSON, small, no secrets. */
export type Evidence = Record<string, unknown>

export interface StepState {
  /** Attempts that were observed to fail. A crash is not a failure: the same attempt is simply done again. */
  failures: number
  /** Failures that a person who resumed the run has looked at: they no longer count against the tries. */
  forgiven: number
  done: boolean
  evidence?: Evidence
  lastError?: ErrorReport
  startedAt?: string
  endedAt?: string
}

export interface RunState {
  phase: Phase
  steps: Partial<Record<StepName, StepState>>
  fence: number
  holder?: string
  parked?: { step: StepName; error: ErrorReport; next: string; at: string }
  abortRequested: boolean
  ended?: { outcome: 'done' | 'aborted' | 'recovered' | 'superseded'; at: string }
  stoppedAt?: string
  events: number
}

export interface Run {
  name: string
  namespace: string
  spec: RunSpec
  createdAt: string
  events: RunEvent[]
}
