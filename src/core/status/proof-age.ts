// How old the last proof may become before somebody should look: a schedule says how often one was meant to be made.

const WEEK_MS = 7 * 24 * 3_600_000

/** Without a schedule a week; else twice the longest time between two of its turns, so that one that was skipped is no alarm. */
export function proofLimitMs(longestGapMs: number | undefined): number {
  return longestGapMs === undefined ? WEEK_MS : 2 * longestGapMs
}

/** A time that cannot be read proves nothing. */
export function isProofOld(at: string, limitMs: number, now: Date): boolean {
  return !(now.getTime() - Date.parse(at) <= limitMs)
}
