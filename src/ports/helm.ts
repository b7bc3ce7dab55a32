// Helm: the real program for what changes a release, the API for what its records say.

export interface HelmVersion {
  version: string
  major: number
  minor: number
  patch: number
}

export interface HelmUpgrade {
  release: string
  namespace: string
  /** Local chart archive, already checked against its digest. */
  chartPath: string
  /** Values files in order, right-most wins. Files hold secrets: 0600. */
  valuesPaths: string[]
  /** Goes into the record's description; names the run and the step, so that the record says who made it. */
  description: string
  /** One-shot permission for the guard, as a label on the record. */
  labels: Record<string, string>
  timeoutMs: number
}

/** A rendered chart: objects that are applied, and hooks. */
export interface Rendered {
  manifest: string
  hooks: string
  notes: string
}

export interface Helm {
  /** Throws `helm-missing` where there is no program, `helm-unusable` for a build that must not be used. */
  version(signal?: AbortSignal): Promise<HelmVersion>
  /**
   * `helm upgrade` with exactly the flags of design D2. NOT idempotent: the caller looks at the records first.
   * Throws `helm-failed` with Helm's own message. An aborted signal sends SIGTERM and waits.
   */
  upgrade(request: HelmUpgrade, signal?: AbortSignal): Promise<void>
  /** Renders with the cluster's own answers (`lookup`), writes nothing. Throws `input-invalid` where the chart refuses the values. */
  render(
    request: { release: string; namespace: string; chartPath: string; valuesPaths: string[] },
    signal?: AbortSignal,
  ): Promise<Rendered>
}

export type ReleaseStatus =
  | 'unknown'
  | 'deployed'
  | 'superseded'
  | 'failed'
  | 'uninstalled'
  | 'uninstalling'
  | 'pending-install'
  | 'pending-upgrade'
  | 'pending-rollback'

export interface ReleaseRecord {
  name: string
  namespace: string
  revision: number
  status: ReleaseStatus
  description: string
  firstDeployedAt?: string
  lastDeployedAt?: string
  chart: {
    name: string
    version: string
    appVersion: string
    annotations: Record<string, string>
    values: Record<string, unknown>
  }
  /** What the user gave (`-f`, `--set`), merged by Helm. Secret. */
  config: Record<string, unknown>
  manifest: string
  /** `ssa` server-side apply (Helm 4), `csa` client-side (Helm 3, or absent in the record). */
  applyMethod: 'ssa' | 'csa'
  /** Hooks with their last run; a running hook has phase `Running`. */
  hooks: { name: string; kind: string; events: string[]; phase?: string }[]
  /** The record exactly as stored, for the backup set. */
  raw: string
  labels: Record<string, string>
  resourceVersion: string
}

export interface ReleaseRecords {
  /**
   * Newest first; empty where there is no such release. Decodes only as many as asked: `limit`, or with `upToDeployed` those down to
   * the newest that is deployed, without superseded ones (of which there are none in between); all of them where both are absent.
   */
  history(
    release: string,
    namespace: string,
    options?: { limit?: number; upToDeployed?: boolean },
    signal?: AbortSignal,
  ): Promise<ReleaseRecord[]>
  /**
   * Turns a `pending-*` record into `failed`, the way `helm` itself would, by compare and swap. Throws `cluster-conflict`
   * where it changed meanwhile. The caller has made sure nobody works on it any more.
   */
  markFailed(record: ReleaseRecord, description: string, signal?: AbortSignal): Promise<void>
}
