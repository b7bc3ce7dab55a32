import { expect, test } from 'vitest'
import { isPawlError } from '../../core/errors.ts'
import { readTimetable } from './timetable.ts'

const from = new Date('2026-11-25T00:00:00Z')
const HOUR = 3_600_000

test.each([
  ['0 3 * * *', 'Europe/Madrid', '2026-11-25T02:00:00.000Z', 24],
  ['0 3 * * *', 'Etc/UTC', '2026-11-25T03:00:00.000Z', 24],
  ['30 2 * * mon-FRI', 'Etc/UTC', '2026-11-25T02:30:00.000Z', 72],
  ['*/15 1,2 1 Jan *', 'Etc/UTC', '2027-01-01T01:00:00.000Z', 365 * 24 - 1.75],
  ['@weekly', 'Etc/UTC', '2026-11-29T00:00:00.000Z', 168],
  ['@midnight', 'Etc/UTC', '2026-11-26T00:00:00.000Z', 24],
])('"%s" in %s', (cron, zone, first, gapHours) => {
  const { next, longestGapMs } = readTimetable(cron, zone, from)
  expect(next.map((time) => time.toISOString())[0]).toBe(first)
  expect(next).toHaveLength(3)
  expect(longestGapMs / HOUR).toBeCloseTo(gapHours, 3)
})

test('once a year the clock is put forward: the gap of that night is not the longest', () => {
  const { longestGapMs } = readTimetable('0 3 * * *', 'Europe/Madrid', new Date('2027-03-26T00:00:00Z'))
  expect(longestGapMs).toBe(24 * HOUR)
})

test.each([
  ['* * * * * *', 'Etc/UTC'],
  ['61 * * * *', 'Etc/UTC'],
  ['0 3 L * *', 'Etc/UTC'],
  ['0 3 * * 1#2', 'Etc/UTC'],
  // Sunday is 0 to Kubernetes, and only that.
  ['0 3 * * 7', 'Etc/UTC'],
  ['0 3 * * someday', 'Etc/UTC'],
  ['@every 1h', 'Etc/UTC'],
  ['0 0 30 2 *', 'Etc/UTC'],
  ['', 'Etc/UTC'],
  ['TZ=Europe/Madrid 0 3 * * *', 'Etc/UTC'],
  ['0 3 * * *', 'Mars/Base'],
])('"%s" in %s is refused', (cron, zone) => {
  expect(() => readTimetable(cron, zone, from)).toThrow(
    expect.toSatisfy((error: unknown) => isPawlError(error, 'input-invalid')) as Error,
  )
})
