// Work next to the databases: as Jobs in the cluster, or in this process where the databases are reachable from here.
import type { DataProgress, DataTask, ResultOf, TaskOf } from '../core/data/tasks.ts'

export interface RunTaskOptions {
  /**
   * Names this piece of work for ever. The same id again attaches to the work that is under way, or returns (or throws)
   * what it ended with: a task is not done twice under one id. Jobs are known for a week, and to every process; local work to this process,
   * as long as it lives, unless it was stopped. After that the task is done again, and finds for itself what it did.
   * Lower-case letters, digits and dashes, at most 50 characters.
   */
  id: string
  /** PostgreSQL major whose programs the task needs; any, where it needs none. */
  serverMajor?: number
  onProgress?: (progress: DataProgress) => void
  /**
   * Stops the waiting; `run` rejects with its reason. A Job goes on, and whoever comes later, from any process, attaches to it. Local work
   * nobody else could attach to: it goes on while others in this process wait for it; the last one stops it, and `run` rejects when it has
   * ended, so that whoever begins the same work after that is alone at it.
   */
  signal?: AbortSignal
}

export interface DataPlane {
  readonly kind: 'jobs' | 'local'
  run<K extends DataTask['kind']>(task: TaskOf<K>, options: RunTaskOptions): Promise<ResultOf<K>>
  /** Ends the named work if it is still under way, waits until it has ended, and forgets it. Idempotent. */
  discard(id: string, signal?: AbortSignal): Promise<void>
}
