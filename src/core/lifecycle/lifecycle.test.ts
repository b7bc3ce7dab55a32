import { expect, test } from 'vitest'
import { parseVersion } from '../versions/version.ts'
import { addMonths, dayAt, daysBetween } from './dates.ts'
import { releaseDayOf, supportedUntil, supportOf } from './lifecycle.ts'

const rule = { supportMonths: 12, warnDays: 30 }

test.each([
  ['2025-11-11', 12, '2026-11-11'],
  ['2024-02-29', 12, '2025-02-28'],
  ['2024-02-29', 48, '2028-02-29'],
  ['2025-01-31', 1, '2025-02-28'],
  ['2025-08-31', 6, '2026-02-28'],
  ['2025-12-15', 1, '2026-01-15'],
])('%s and %i months of support end on %s', (released, months, until) => {
  expect(supportedUntil(released, months)).toBe(until)
})

test('a calendar version carries its date, zero-padded or not; a semantic one carries none', () => {
  expect(releaseDayOf(parseVersion('2022.05.04', 'calver'))).toBe('2022-05-04')
  expect(releaseDayOf(parseVersion('2025.11.11-patch1', 'calver'))).toBe('2025-11-11')
  expect(releaseDayOf(parseVersion('1.228.1', 'semver'))).toBeUndefined()
})

test.each([
  ['2026-03-09', 'supported', 247],
  ['2026-10-12', 'ending', 30],
  ['2026-10-11', 'supported', 31],
  ['2026-11-11', 'ending', 0],
  ['2026-11-12', 'ended', -1],
])('a release of 2025-11-11 is on %s: %s', (today, state, daysLeft) => {
  expect(supportOf('2025-11-11', rule, today)).toEqual({ state, until: '2026-11-11', daysLeft })
})

test('a clock before the newest release known decides nothing', () => {
  expect(supportOf('2025-11-11', rule, '2026-02-01', '2026-03-09').state).toBe('unknown')
  expect(supportOf('2025-11-11', rule, '2026-03-09', '2026-03-09').state).toBe('supported')
  expect(supportOf('2025-11-11', rule, '2025-11-10').state).toBe('unknown')
})

test('a release without a known date has an unknown state', () => {
  expect(supportOf(undefined, rule, '2026-03-09')).toEqual({ state: 'unknown', why: 'its release date is not known' })
})

test('days are counted in UTC, whatever the hour', () => {
  expect(dayAt(new Date('2026-03-29T00:30:00+02:00'))).toBe('2026-03-28')
  expect(daysBetween('2026-03-28', '2026-03-30')).toBe(2)
  expect(addMonths('2026-03-31', 0)).toBe('2026-03-31')
})
