import { expect, test } from 'vitest'
import { known, unknown } from '../plan/facts.ts'
import type { ChartFacts } from '../plan/target.ts'
import type { KnownRelease } from '../releases/release.ts'
import { newestKnown } from './newest.ts'

const charts = (...versions: string[]): ChartFacts[] =>
  versions.map((appVersion) => ({ name: 'c', version: '1.0.0', appVersion, annotations: {} }))
const history = (...versions: string[]): KnownRelease[] =>
  versions.map((appVersion) => ({ appVersion, kind: appVersion.includes('rc') ? 'rc' : 'stable', sources: [] }))
const lost = unknown('no answer')

test.each<[string, Parameters<typeof newestKnown>[0], KnownRelease[], unknown]>([
  [
    'the charts have the newer',
    known(charts('2026.8.11')),
    history('2026.7.16'),
    ['2026.8.11', 'charts', '2026-08-11'],
  ],
  ['the charts lag behind', known(charts('2026.6.12')), history('2026.7.16'), ['2026.7.16', 'history', '2026-07-16']],
  ['the charts cannot be asked', lost, history('2026.7.16', '2026.8.11-rc.7'), ['2026.7.16', 'history', '2026-07-16']],
  ['no history', known(charts('2026.8.11-rc.7', '2026.7.16')), [], ['2026.7.16', 'charts', '2026-07-16']],
])('%s', (_, candidates, own, expected) => {
  const { version, from, day } = newestKnown(candidates, own, 'calver')
  expect([version.known ? version.value : '', from, day]).toEqual(expected)
})

test('nobody knows: unknown, with why', () => {
  expect(newestKnown(lost, [], 'calver')).toEqual({ version: lost })
  expect(newestKnown(known([]), [], 'calver').version.known).toBe(false)
})
