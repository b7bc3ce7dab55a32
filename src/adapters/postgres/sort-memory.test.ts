import { expect, test } from 'vitest'
import { sortMegabytes } from './sort-memory.ts'

const GB = 1024 ** 3

test.each([
  ['small: what a cache holds', 0, 16],
  ['of 10 GB: its 200 runs are merged in one pass', 10 * GB, 52],
  ['large: no more than helps', 1024 * GB, 128],
])('memory for the indexes of a database that is %s', (_, bytes, megabytes) => {
  expect(sortMegabytes(bytes)).toBe(megabytes)
})
