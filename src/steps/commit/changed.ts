// What says, at the last look before the point of no return, that a backup does not have everything.
import { recordOf } from '../../core/json.ts'
import { whatWasWritten } from '../../core/data/standing.ts'
import type { DatabaseEvidence, DatabaseObservation } from '../../core/data/tasks.ts'

/** `quiesced`: the evidence of quiesce about each database. Undefined where nothing speaks against the backup. */
export function whatChanged(
  now: DatabaseObservation,
  backup: DatabaseEvidence,
  quiesced: readonly unknown[],
): string | undefined {
  if (now.sessions.length > 0) return `${now.sessions.length} session(s) came back since the backup`
  const written = whatWasWritten(backup, now)
  if (written !== undefined) return `${written} after the backup`
  if (now.migrations?.at(-1) !== backup.migrations?.at(-1)) return 'a migration was applied after the backup'
  // The backup may have it, but somebody writes although every writer was found stopped.
  const seen = quiesced.map(recordOf).find(({ role }) => role === backup.role)
  const escaped = whatWasWritten(seen ?? {}, backup)
  return escaped === undefined ? undefined : `${escaped} between the last writer's end and the backup`
}
