// CARTO's whole history: every row reads, is written back the same, and has one place in the order.
import { expect, test } from 'vitest'
import { formatHistory, parseHistory, releasesFrom } from '../../core/releases/history.ts'
import { mergeReleases } from '../../core/releases/merge.ts'
import { compareReleases, isFinished, sortReleases } from '../../core/releases/release.ts'
import type { KnownRelease } from '../../core/releases/release.ts'
import { readVersion } from '../../core/versions/version.ts'
import { CARTO_RELEASES } from './releases.ts'

const rows = parseHistory(CARTO_RELEASES)
const releases = releasesFrom(rows, 'calver')
const sorted = sortReleases(releases, 'calver')

function place(appVersion: string, chartVersion?: string): number {
  const found = sorted.findIndex(
    (release) =>
      release.appVersion === appVersion && (chartVersion === undefined || release.chartVersion === chartVersion),
  )
  expect(found, appVersion).toBeGreaterThanOrEqual(0)
  return found
}

test('every row parses and is written back as it was read', () => {
  expect(rows).toHaveLength(242)
  expect(formatHistory(rows)).toBe(CARTO_RELEASES)
})

test('every version reads, except 3.0.0 from before its calendar versions; every chart reads', () => {
  const unread = rows.filter(({ appVersion }) => readVersion(appVersion, 'calver') === undefined)
  expect(new Set(unread.map(({ appVersion }) => appVersion))).toEqual(new Set(['3.0.0']))
  const charts = rows.map(({ chartVersion }) => chartVersion).filter((version) => version !== '')
  expect(charts.filter((version) => readVersion(version, 'semver') === undefined)).toEqual([])
})

test('the order is total: any two rows differ, the other way round is the opposite, and it does not depend on the start', () => {
  const wrong = sorted.flatMap((a, index) =>
    sorted.filter((b, other) => compareReleases(a, b, 'calver') !== Math.sign(index - other)),
  )
  expect(wrong).toEqual([])
  expect(sortReleases(releases.toReversed(), 'calver')).toEqual(sorted)
})

test.each([
  ['3.0.0', '2022.01.13.02'],
  ['2022.05.12-5', '2022.05.23'],
  ['2022.6.1-8', '2022.6.1-11'],
  ['2022.8.19-1', '2022.8.19-2'],
  ['2023.1.3', '2023.1.10-rc.1'],
  ['2023.1.10-rc.1', '2023.1.17'],
  ['2023.11.29', '2023.11.29-1'],
  ['2024.4.17-rc.7', '2024.4.17'],
  ['2024.7.19-rc.5', '2024.7.19-rc.10'],
  ['2025.11.11-rc.8', '2025.11.11'],
  ['2025.11.11', '2025.11.11-patch1'],
  ['2026.8.11-rc.7', '2097.11.11-rc.3'],
  ['2097.11.11', '2098.12.12-rc.1'],
])('%s comes before %s', (older, newer) => {
  expect(place(older)).toBeLessThan(place(newer))
})

test.each([
  ['2022.05.23', '1.23.1', '2022.5.23', '1.23.2'],
  ['2025.6.10', '1.188.1', '2025.6.10', '1.188.2'],
  ['2025.9.11', '1.208.2', '2025.9.11', '1.208.3'],
  ['2025.11.11', '1.228.1', '2025.11.11', '1.228.2'],
  ['2026.1.7-rc.2', '1.232.1', '2026.1.7-rc.3', '1.232.1'],
  ['2023.9.20-rc.3', '1.131.1', '2024.9.11-rc.4', '1.131.1'],
])('%s in chart %s comes before %s in chart %s', (app, chart, laterApp, laterChart) => {
  expect(place(app, chart)).toBeLessThan(place(laterApp, laterChart))
})

function kind(appVersion: string, chart?: string): KnownRelease['kind'] | undefined {
  return sorted[place(appVersion, chart)]?.kind
}

test.each([
  ['2026.7.16', 'stable'],
  ['2022.8.19-2', 'stable'],
  ['2025.11.11-patch1', 'patch'],
  ['2023.11.29-1', 'patch'],
  ['2023.1.10-rc.1', 'rc'],
  ['2098.12.12-rc.1', 'test'],
  ['2097.11.11', 'test'],
  ['3.0.0', 'pre-release'],
])('%s is %s', (appVersion, expected) => {
  expect(kind(appVersion)).toBe(expected)
})

test('a chart that was only on a branch is no release', () => {
  expect([kind('2025.11.11', '1.228.1'), kind('2025.11.11', '1.228.2')]).toEqual(['stable', 'pre-release'])
})

test('the newest finished release is no candidate and no test', () => {
  expect(sorted.findLast(isFinished)).toMatchObject({
    appVersion: '2026.7.16',
    chartVersion: '1.280.1',
    minVersion: '2026.4.1',
    published: '2026-07-23',
  })
})

test('merged, only the one chart that was published twice is one release', () => {
  const merged = mergeReleases([{ name: 'history', releases }], 'calver')
  expect(merged.releases).toHaveLength(241)
  expect(merged.conflicts).toEqual([])
  expect(merged.releases.find(({ chartVersion }) => chartVersion === '1.23.2')).toMatchObject({
    published: '2022-05-23',
    minVersion: '2022.05.12-5',
  })
})

test('a line that is none is named', () => {
  const [head, first] = CARTO_RELEASES.split('\n') as [string, string]
  expect(() => parseHistory(`${head}\n${first}\nbroken\n`)).toThrow(/line 3/)
  expect(() => parseHistory(`${head}\n${first.replace('pre-release', 'nightly')}\n`)).toThrow(/nightly/)
  expect(() => parseHistory(first)).toThrow(/line 1/)
})
