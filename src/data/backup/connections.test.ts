import { expect, test } from 'vitest'
import { jobsWithin } from './connections.ts'

test.each([
  [100, 4, 4],
  [10, 4, 4],
  [9, 4, 3],
  [6, 2, 2],
  [5, 2, 1],
  [0, 2, 1],
  [0, 1, 1],
])('with %i connections left and %i jobs asked for: %i', (free, asked, jobs) => {
  expect(jobsWithin(free, asked)).toBe(jobs)
})
