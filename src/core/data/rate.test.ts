// The token bucket on a clock of the test's own.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { tokenBucket } from './rate.ts'

const MB = 1_000_000

test('a tenth of a second goes at once, then the rate holds', () => {
  const bucket = tokenBucket(10 * MB)
  expect(bucket.take(MB, 0)).toBe(0)
  expect(bucket.take(MB, 0)).toBe(100)
  expect(bucket.take(MB, 100)).toBe(100)
  // After a long pause no more than the burst has gathered.
  expect(bucket.take(MB, 60_000)).toBe(0)
  expect(bucket.take(MB, 60_000)).toBe(100)
})

test('a piece larger than the bucket passes and is owed', () => {
  const bucket = tokenBucket(MB)
  expect(bucket.take(5 * MB, 0)).toBe(4_900)
  expect(bucket.take(0, 4_900)).toBe(0)
})

test('a clock that jumps back gives nothing away', () => {
  const bucket = tokenBucket(MB)
  expect(bucket.take(MB / 10, 10_000)).toBe(0)
  expect(bucket.take(MB, 0)).toBe(1_000)
  expect(bucket.take(MB, 9_000)).toBe(2_000)
})

test('whoever waits as told never goes faster than the rate, and never slower', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 64 * 1024, max: 500 * MB }),
      fc.array(fc.integer({ min: 1, max: MB }), { minLength: 1, maxLength: 200 }),
      (rate, pieces) => {
        const bucket = tokenBucket(rate)
        let now = 0
        for (const piece of pieces) now += bucket.take(piece, now)
        const total = pieces.reduce((sum, piece) => sum + piece, 0)
        const least = ((total - rate * 0.1) / rate) * 1000
        expect(now).toBeGreaterThanOrEqual(Math.max(0, Math.floor(least)))
        // Each wait is rounded up to a whole millisecond.
        expect(now).toBeLessThanOrEqual(Math.max(0, least) + pieces.length + 1)
      },
    ),
  )
})
