import { expect, test } from 'vitest'
import { takenAtOf } from './taken-at.ts'

const WITHIN = { createdAt: '2026-11-21T01:00:00.000Z', finishedAt: '2026-11-21T01:10:00.000Z' }

test.each([
  ['the last of the snapshots', ['2026-11-21T01:02:00.000Z', '2026-11-21T01:03:00.000Z'], '2026-11-21T01:03:00.000Z'],
  ['not later than it was finished, where a server is ahead', ['2031-01-01T00:00:00.000Z'], WITHIN.finishedAt],
  ['not before it was begun, where a server has fallen behind', ['2026-11-12T01:02:00.000Z'], WITHIN.createdAt],
  ['when it was finished, where nothing says more', [], WITHIN.finishedAt],
  ['when it was finished, where that cannot be read', ['when?'], WITHIN.finishedAt],
])('%s', (_, snapshots, takenAt) => {
  expect(takenAtOf(snapshots, WITHIN)).toBe(takenAt)
})
