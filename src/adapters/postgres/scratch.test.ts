import { expect, test } from 'vitest'
import { megabytesForIndexes } from './scratch.ts'

const GB = 1024 ** 3

test.each([
  ['a big machine: no more than helps', 64 * GB, 2, 512],
  ['a quarter of it, shared', 2 * GB, 4, 128],
  ['a small container: no less than the default', GB / 8, 2, 64],
  ['many at once', 8 * GB, 16, 128],
])('memory for indexes on %s', (_, available, jobs, megabytes) => {
  expect(megabytesForIndexes(available, jobs)).toBe(megabytes)
})
