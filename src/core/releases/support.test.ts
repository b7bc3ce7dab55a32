import { expect, test } from 'vitest'
import { readVersion } from '../versions/version.ts'
import type { KnownRelease } from './release.ts'
import { countingText, newestDayKnown, supportOfRelease } from './support.ts'

const product = { versionScheme: 'calver', lifecycle: { supportMonths: 12, warnDays: 60 } } as const

test.each([
  ['2025-11-27', '2026-11-27'],
  ['2026-01-10', '2027-01-10'],
  ['2025-11-11', undefined],
  ['2025-11-01', undefined],
  // A mirror's own date.
  ['2026-01-11', undefined],
])('published on %s, counted from there until %s', (published, atLatest) => {
  const support = supportOfRelease({ appVersion: '2025.11.11', published }, product, '2026-03-01')
  expect(support).toMatchObject({ until: '2026-11-11', released: '2025-11-11' })
  expect(support.atLatest).toBe(atLatest)
})

test.each(['2026-03-01', '2026-06-01'])('a release candidate has no support, on %s either', (today) => {
  const published = '2026-04-08'
  const support = supportOfRelease({ appVersion: '2026.4.13-rc.2', published }, product, today, '2026-02-09')
  expect(support.state).toBe('unknown')
  expect(support).not.toHaveProperty('until')
})

test('a version that carries no day is counted from its publication', () => {
  const semver = { ...product, versionScheme: 'semver' } as const
  const support = supportOfRelease({ appVersion: '1.2.3', published: '2025-11-27' }, semver, '2026-03-01')
  expect(support).toMatchObject({ until: '2026-11-27', countedFrom: 'publication' })
  expect(supportOfRelease({ appVersion: '1.2.3' }, semver, '2026-03-01').state).toBe('unknown')
  expect(countingText(supportOfRelease({ appVersion: '1.2.3' }, semver, '2026-03-01'))).toContain('not known')
})

test('the newest day known is the later one of charts and history', () => {
  const known: KnownRelease[] = [{ appVersion: '2026.7.16', kind: 'stable', sources: ['history'] }]
  const older = readVersion('2026.6.12', 'calver')
  expect(newestDayKnown(older, known, 'calver')).toBe('2026-07-16')
  expect(newestDayKnown(older, [], 'calver')).toBe('2026-06-12')
  expect(newestDayKnown(undefined, [], 'calver')).toBeUndefined()
})
