import { expect, test } from 'vitest'
import { jobsWithin, NEEDED_TO_BACK_UP, NEEDED_TO_RESTORE } from './connections.ts'

test.each([
  [100, 4, 4],
  [10, 4, 4],
  [9, 4, 3],
  [6, 2, 2],
  [5, 2, 1],
  [0, 2, 1],
  [0, 1, 1],
])('a backup with %i connections left and %i jobs asked for: %i', (free, asked, jobs) => {
  expect(jobsWithin(free, asked, NEEDED_TO_BACK_UP)).toBe(jobs)
})

test.each([
  [7, 4, 4],
  [6, 4, 3],
  [1, 4, 1],
])('a restore with %i connections left and %i jobs asked for: %i', (free, asked, jobs) => {
  expect(jobsWithin(free, asked, NEEDED_TO_RESTORE)).toBe(jobs)
})
