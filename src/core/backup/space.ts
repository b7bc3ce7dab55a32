// How much room a backup will take, from the sizes of the databases and from how well they were compressed before.
import type { DatabaseEvidence } from '../data/tasks.ts'

/** What earlier sets tell, newest first. */
export type Compression = readonly Pick<DatabaseEvidence, 'role' | 'sizeBytes' | 'archiveBytes'>[]

export interface SpaceEstimate {
  bytes: number
  /** Databases of which no earlier set tells how well they compress; they are counted in full. */
  guessed: string[]
}

/** Of each database the last so many sets count, and of those the one that compressed worst. */
const SETS_LOOKED_AT = 3
/** Data grow between two looks, and a new table may compress worse. */
const MARGIN = 1.2

/** What part of its size each earlier archive of a database took, newest first. */
export function sharesOf(role: string, earlier: Compression): number[] {
  return earlier
    .filter((set) => set.role === role && set.sizeBytes > 0 && set.archiveBytes > 0)
    .map((set) => set.archiveBytes / set.sizeBytes)
}

export function estimateSpace(
  databases: readonly { role: string; sizeBytes: number }[],
  earlier: Compression,
): SpaceEstimate {
  const guessed: string[] = []
  let bytes = 0
  for (const { role, sizeBytes } of databases) {
    const shares = sharesOf(role, earlier).slice(0, SETS_LOOKED_AT)
    if (shares.length === 0) guessed.push(role)
    bytes += shares.length === 0 ? sizeBytes : sizeBytes * Math.max(...shares) * MARGIN
  }
  return { bytes: Math.ceil(bytes), guessed }
}
