// When a set was taken.

/** By Pawl's own clock (ISO 8601, UTC). */
export interface TakenWithin {
  createdAt: string
  finishedAt: string
}

/**
 * The last of its snapshots, by the clocks of the servers; but never outside the time that Pawl took for it by its own. With a server whose
 * clock is ahead a set would stay the newest for as long; with one that has fallen behind it would be the first that a prune lets go.
 */
export function takenAtOf(snapshots: readonly string[], { createdAt, finishedAt }: TakenWithin): string {
  const last = snapshots.toSorted().at(-1)
  if (last === undefined || !(Date.parse(last) < Date.parse(finishedAt))) return finishedAt
  return Date.parse(last) < Date.parse(createdAt) ? createdAt : last
}
