// When a set was taken.

/**
 * The last of its snapshots, by the clocks of the servers; but never later than when it was finished by Pawl's own, for with a server
 * whose clock is ahead a set would stay the newest for as long.
 */
export function takenAtOf(snapshots: readonly string[], finishedAt: string): string {
  const last = snapshots.toSorted().at(-1)
  return last !== undefined && Date.parse(last) < Date.parse(finishedAt) ? last : finishedAt
}
