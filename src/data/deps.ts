// What data work needs from outside, and what it is given while it runs.
import type { DataProgress, StoreSpec } from '../core/data/tasks.ts'
import type { Cipher } from '../ports/cipher.ts'
import type { RegistryReach } from '../core/images/wish.ts'
import type { Databases } from '../ports/database.ts'
import type { ImageRegistries } from '../ports/images.ts'
import type { PgToolbox } from '../ports/pgtools.ts'
import type { Secrets } from '../ports/secrets.ts'
import type { ObjectStore } from '../ports/store.ts'
import type { WorkDirs } from '../ports/workdir.ts'
import type { Clock } from '../ports/world.ts'

export interface DataDeps {
  databases: Databases
  toolbox: PgToolbox
  cipher: Cipher
  secrets: Secrets
  workDirs: WorkDirs
  clock: Clock
  /** Lower-case letters and digits, unpredictable. */
  randomName: () => string
  /** `to`: the second one of a task that copies; a Job has its volume at another place. */
  openStore: (spec: StoreSpec, as?: 'to') => Promise<ObjectStore>
  /** Of container images. */
  openImages: (reach: RegistryReach) => Promise<ImageRegistries>
}

export interface TaskOptions {
  onProgress?: (progress: DataProgress) => void
  /** Aborting ends the work itself: programs are stopped, temporary files and servers removed, the reason is thrown. */
  signal?: AbortSignal
}

/** Inside the tasks nothing is optional. */
export interface TaskContext {
  report: (progress: DataProgress) => void
  signal: AbortSignal
}
