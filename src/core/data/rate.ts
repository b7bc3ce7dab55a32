// A token bucket: how long whoever has moved so many bytes must wait, so that all together keep to a rate.

export interface Bucket {
  /** Takes so many bytes at this time; gives the milliseconds to wait before the next are moved. Time never runs back. */
  take(bytes: number, nowMs: number): number
}

/** What may go at once after a pause: a tenth of a second's worth. */
const BURST_SECONDS = 0.1

/**
 * More than is there may be taken: it is owed, and whoever comes next waits for it as well. So a piece larger than the bucket passes,
 * and the rate holds all the same.
 */
export function tokenBucket(bytesPerSecond: number): Bucket {
  const most = bytesPerSecond * BURST_SECONDS
  let there = most
  let lastMs: number | undefined
  return {
    take(bytes, nowMs) {
      const passedMs = Math.max(0, nowMs - (lastMs ?? nowMs))
      lastMs = Math.max(lastMs ?? nowMs, nowMs)
      there = Math.min(most, there + (passedMs / 1000) * bytesPerSecond) - bytes
      return there >= 0 ? 0 : Math.ceil((-there / bytesPerSecond) * 1000)
    },
  }
}
