// The shape every step has: look at the world, or change it. Deciding is done elsewhere (core/run/decide.ts).
import type { DataProgress } from '../core/data/tasks.ts'
import type { Installation } from '../core/resources.ts'
import type { Observation } from '../core/run/decide.ts'
import type { Profile } from '../core/profile/profile.ts'
import type { RunSpec, RunState, StepName } from '../core/run/run.ts'
import type { Cluster } from '../ports/cluster.ts'
import type { DataPlane } from '../ports/dataplane.ts'
import type { Helm, ReleaseRecords } from '../ports/helm.ts'
import type { Clock } from '../ports/world.ts'

/** Files that live only as long as one Helm call; the directory is private (0700) and removed afterwards. */
export type WithFiles = <T>(
  files: Record<string, Uint8Array | string>,
  use: (paths: Record<string, string>) => Promise<T>,
) => Promise<T>

/** The doors to the outside that steps may use. */
export interface StepDeps {
  cluster: Cluster
  helm: Helm
  records: ReleaseRecords
  dataPlane: DataPlane
  clock: Clock
  withFiles: WithFiles
  parseYaml: (text: string) => unknown[]
}

export interface StepContext extends StepDeps {
  /** Name of the Run. */
  run: string
  namespace: string
  release: string
  spec: RunSpec
  state: RunState
  installation: Installation
  profile: Profile
  /** Fencing number of this owner: goes into the names of observations that must not be older than the ownership. */
  fence: number
  /** How long a rollout may take before it is called stuck. */
  rolloutTimeoutMs: number
  /** Results of this process's own data tasks, by task id; a resumed run attaches to the task again instead. */
  memo: Map<string, unknown>
  /** Tells whoever watches; never journalled. */
  report: (progress: DataProgress) => void
  /** Aborted when ownership is lost, or when the operator asked to stop: ends waiting, never an effect half-way. */
  signal: AbortSignal
  /** Aborted only when ownership is lost. */
  lost: AbortSignal
  /** Renews the ownership now, right before an effect that a successor must not meet; throws `fence-lost`. */
  stillOwner: () => Promise<void>
}

/** Between two looks at pods, Jobs and Helm at work. Each of them takes seconds, one after the other, while the product is down. */
export const LOOK_AGAIN_MS = 400

export interface Step {
  name: StepName
  /** Looks; changes nothing of the product. May be called any number of times. */
  observe(context: StepContext): Promise<Observation>
  /** Makes the effect, idempotently: after a crash the same attempt is simply made again. */
  act(context: StepContext, attempt: number): Promise<void>
}
