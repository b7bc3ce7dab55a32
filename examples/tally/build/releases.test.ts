import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { imageSpecs } from './images.ts'
import { parseReleases, readReleases, releaseOf, tallyDirectory } from './releases.ts'
import type { TallyRelease } from './releases.ts'

const releases = readReleases()
const numbers = (version: string): number[] =>
  version
    .replace('-beta', '')
    .split(/[.-]/)
    .filter((part) => part !== 'rc')
    .map(Number)

function isRising(versions: readonly string[]): boolean {
  return versions.slice(1).every((version, index) => {
    const [a, b] = [numbers(versions[index] ?? ''), numbers(version)]
    const at = b.findIndex((number, place) => number !== a[place])
    return at >= 0 && (b[at] ?? 0) > (a[at] ?? 0)
  })
}

test('releases are in order of chart version and of date', () => {
  expect(isRising(releases.map(({ chartVersion }) => chartVersion))).toBe(true)
  const dates = releases.map(({ date }) => date)
  expect(dates).toEqual([...dates].sort())
  expect(isRising(releases.filter(({ isCandidate }) => !isCandidate).map(({ appVersion }) => appVersion))).toBe(true)
})

test('only release candidates have a beta chart', () => {
  for (const { chartVersion, isCandidate } of releases) expect(chartVersion.endsWith('-beta')).toBe(isCandidate)
})

test.each(['ledger', 'assist'] as const)(
  'each release knows all %s migrations of the one before, in order, and its files exist',
  (database) => {
    const namesOf = (release: TallyRelease) => release.migrations[database].map(({ name }) => name)
    for (const [index, release] of releases.entries()) {
      const names = namesOf(release)
      expect(names).toEqual([...new Set(names)].sort())
      const before = releases[index - 1]
      if (before) expect(names).toEqual(expect.arrayContaining(namesOf(before)))
      expect(release.schema[database]).toBe(names.length === 0 ? '' : `/${names.at(-1)}`)
      for (const { file } of release.migrations[database]) {
        expect(existsSync(join(tallyDirectory, 'app', 'migrations', database, file)), file).toBe(true)
      }
    }
  },
)

test.each(['ledger', 'assist'])('every %s migration belongs to a release', (database) => {
  const used = new Set(
    releases.flatMap(({ migrations }) => migrations[database as 'ledger' | 'assist']).map(({ file }) => file),
  )
  const pool = readdirSync(join(tallyDirectory, 'app', 'migrations', database), { recursive: true, encoding: 'utf8' })
  expect([...used].sort()).toEqual(pool.filter((file) => file.endsWith('.js')).sort())
})

test('the broken migration of April is replaced in May under the same name', () => {
  const fileIn = (version: string) =>
    releaseOf(version).migrations.ledger.find(({ name }) => name.endsWith('value-as-number'))?.file
  expect(fileIn('2026.4.13')).toBe('20260407100000-value-as-number.js')
  expect(fileIn('2026.5.11')).toBe('fixed/20260407100000-value-as-number.js')
  expect(releaseOf('2026.4.13').migrations.ledger.length - releaseOf('2026.3.9').migrations.ledger.length).toBe(4)
})

test('a release that follows an unlisted one is refused', () => {
  const row = 'chartVersion: 1.1.1, date: 2026-01-01, minVersion: "1", ledger: [], assist: [], traits: x'
  expect(() => parseReleases(`[{appVersion: 2026.1.1, after: 2025.1.1, ${row}}]`)).toThrow(
    '2025.1.1, which is not listed',
  )
})

test('one build for each release and one for PostgreSQL, no name twice', () => {
  const specs = imageSpecs()
  const names = specs.flatMap(({ name, alsoAs }) => [name, ...alsoAs])
  expect(specs).toHaveLength(releases.length + 1)
  expect(new Set(names).size).toBe(names.length)
  expect(names).toEqual(
    expect.arrayContaining([
      'tally/ledger-db:2026.1.12',
      'tally/gateway:2025.6.9',
      'tally/postgres:15',
      'tally/witness:1',
    ]),
  )
})
