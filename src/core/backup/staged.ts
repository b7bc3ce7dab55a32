// The copy that a proof leaves beside the live databases: what is remembered of it, and whether it can be recovered to. Pure.
import type { FoundCopy } from '../data/copies.ts'

/** How an upgrade is to be recovered from: by the proof's own copy on the databases' server, or from the store only. */
export type RecoveryWay = 'staged' | 'store'

export interface StagedCopy {
  role: string
  /** Name of the copy. */
  database: string
  sizeBytes: number
}

/** Of one backup set, since when it stands. */
export interface StagedCopies {
  suffix: string
  at: string
  copies: StagedCopy[]
}

export interface WantedCopy {
  role: string
  database: string
  /** Of the backup. */
  digest: string
}

/**
 * Why the copies are not what the set left, in words; undefined where all of them are. By mark only: what is in them is looked at
 * once they have the live names, and before anything is started.
 */
export function whyUnusable(
  set: string,
  wanted: readonly WantedCopy[],
  found: readonly FoundCopy[],
): string | undefined {
  for (const { role, database, digest } of wanted) {
    // Databases of two servers may have one name.
    const copy = found.find((one) => one.role === role && one.database === database)
    if (copy === undefined) return `${database} is not there`
    if (copy.state === 'unmarked') return `${database} has no mark of Pawl`
    if (copy.state !== 'proven') return `${database} is ${copy.state}`
    if (copy.set !== set) return `${database} holds another backup set (${copy.set ?? 'unknown'})`
    if (copy.digest !== digest) return `${database} was made of other content than the set has`
    if (copy.open) return `${database} was closed by Pawl and is open: somebody may have changed it`
  }
  return undefined
}

export function stagedBytes({ copies }: StagedCopies): number {
  return copies.reduce((sum, copy) => sum + copy.sizeBytes, 0)
}
