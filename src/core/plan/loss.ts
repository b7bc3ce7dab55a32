// What a recovery takes back: rows written since the backup, counted by the servers' own statistics.
import type { DatabaseEvidence, DatabaseObservation } from '../data/tasks.ts'

export interface Loss {
  /** Rows inserted, updated or deleted since, the migrations' own included; `unknown` where it cannot be told. */
  rowChanges: string
  /** The earliest snapshot of the set (ISO 8601, UTC). */
  since: string
}

/** A counter that went back was reset: then nobody knows. */
export function lossSince(backup: readonly DatabaseEvidence[], now: readonly DatabaseObservation[]): Loss {
  const since = backup.map(({ snapshotAt }) => snapshotAt).toSorted()[0] ?? ''
  let total = 0n
  for (const { role, writeCounter } of backup) {
    const seen = now.find((observation) => observation.role === role)
    const change = seen === undefined ? undefined : difference(seen.writeCounter, writeCounter)
    if (change === undefined || change < 0n) return { rowChanges: 'unknown', since }
    total += change
  }
  return { rowChanges: String(total), since }
}

function difference(now: string, before: string): bigint | undefined {
  if (!/^\d+$/.test(now) || !/^\d+$/.test(before)) return undefined
  return BigInt(now) - BigInt(before)
}
