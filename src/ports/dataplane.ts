// Work next to the databases: as Jobs in the cluster, or in this process where the databases are reachable from here.
import type { DataProgress, DataTask, ResultOf, TaskOf } from '../core/data/tasks.ts'

export interface RunTaskOptions {
  /**
   * Names this piece of work for ever. The same id again attaches to the work that is under way, or returns (or throws)
   * what it ended with: a task is not done twice under one id, within a week. After that it is, and finds for itself what it did.
   * Lower-case letters, digits and dashes, at most 50 characters.
   */
  id: string
  /** PostgreSQL major whose programs the task needs; any, where it needs none. */
  serverMajor?: number
  onProgress?: (progress: DataProgress) => void
  /** Stops waiting, not the work: a Job goes on and can be attached to again. */
  signal?: AbortSignal
}

export interface DataPlane {
  readonly kind: 'jobs' | 'local'
  run<K extends DataTask['kind']>(task: TaskOf<K>, options: RunTaskOptions): Promise<ResultOf<K>>
  /** Ends the named work if it is still under way and forgets it. Idempotent. */
  discard(id: string, signal?: AbortSignal): Promise<void>
}
