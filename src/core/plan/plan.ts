// The plan: what an upgrade will do, decided from facts before anything is touched. It is stored with the run and hashed.
import type { DatabaseTarget } from '../data/tasks.ts'
import type { ErrorCode } from '../errors.ts'

export interface ProductRelease {
  appVersion: string
  chartVersion: string
  /** SHA-256 of the chart archive in hex. */
  chartDigest: string
}

export interface GateAnswer {
  /** Stable name, for example `target-newer`; what --accept takes. */
  gate: string
  answer: 'pass' | 'warn' | 'refuse' | 'unknown'
  /** A mandatory refusal has no flag; the others may be accepted by name. */
  mandatory: boolean
  /** Code the command ends with when this gate refuses. */
  code: ErrorCode
  /** What was seen, in one sentence. */
  evidence: string
  /** What to do about it; absent where it passed. */
  remedy?: string
}

export interface AcceptedGate {
  gate: string
  by: string
  at: string
  evidence: string
}

/** A Deployment that holds credentials of a database, hence may write. */
export interface Writer {
  deployment: string
  /** Replicas wanted before the run; what it gets back afterwards. */
  replicas: number
  /** Name of the HorizontalPodAutoscaler that owns the number, where there is one. */
  autoscaler?: string
  /** Field manager other than Helm that owns `.spec.replicas`, for example `kubectl`. */
  scaledBy?: string
}

export interface PlannedDatabase {
  target: DatabaseTarget
  serverMajor: number
  sizeBytes: number
  /** Last migration recorded when planned. */
  lastMigration?: string
  /** Last migration the target release expects; absent where its chart does not say. */
  expectedMigration?: string
  migrator:
    | { kind: 'init-container'; deployment: string; container: string }
    | { kind: 'deployment'; deployment: string }
}

export interface PlannedChange {
  /** `Kind/name`. */
  object: string
  change: 'add' | 'change' | 'remove'
  /** Lines for a person, values of Secrets as `changed`. */
  details: string[]
  /** What it is about, where that is to be read first. */
  topic?: 'storage' | 'database'
}

export interface Plan {
  release: string
  namespace: string
  profile: string
  from: ProductRelease
  to: ProductRelease
  /** Helm revision the plan starts from; another one later means that somebody else was there. */
  revision: number
  applyMethod: 'ssa' | 'csa'
  gates: GateAnswer[]
  accepted: AcceptedGate[]
  databases: PlannedDatabase[]
  writers: Writer[]
  changes: PlannedChange[]
  /** SHA-256 of each values file in order, and of the merged values. */
  values: { files: { name: string; digest: string }[]; merged: string }
  /** The proof's copy stays beside the live databases until the upgrade is accepted; absent: a recovery restores from the store. */
  staged?: { bytes: number }
  /** The source's rows are counted, not read a second time: the set reaches `restored+`, which somebody has to accept. */
  sourceLoad?: 'low'
  /** `recoverySeconds`: to serve again, should the upgrade have to be recovered from. */
  estimate: { backupSeconds: number; downtimeSeconds: number; recoverySeconds: number; basedOn: string }
  createdAt: string
  /** SHA-256 over everything above that decides what happens (not times, not sizes, not wording). */
  hash: string
}
