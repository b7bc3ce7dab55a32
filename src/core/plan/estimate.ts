// A rough forecast of how long a run takes, from the sizes of the databases. Deliberately on the long side.
import type { Plan, PlannedDatabase } from './plan.ts'

/** Dump, encryption, storage, restore and comparison of one database after the other, on two cores. */
const BACKUP_BYTES_PER_SECOND = 15_000_000
/** Jobs that start, pods that end, sessions that go. */
const BACKUP_BASE_SECONDS = 45
/** Stop, migrate and start, apart from what the migrations themselves need, which nobody knows beforehand. */
const ROLLOUT_SECONDS = 90

export function estimateOf(databases: readonly PlannedDatabase[]): Plan['estimate'] {
  const sizeBytes = databases.reduce((sum, database) => sum + database.sizeBytes, 0)
  const backupSeconds = BACKUP_BASE_SECONDS + Math.ceil(sizeBytes / BACKUP_BYTES_PER_SECOND)
  return {
    backupSeconds,
    // Writers stand still from the quiesce on, hence during backup and proof as well.
    downtimeSeconds: backupSeconds + ROLLOUT_SECONDS,
    basedOn: 'the sizes of the databases; the time the migrations themselves take is not in it',
  }
}
