import { expect, test } from 'vitest'
import type { KnownRelease } from '../../releases/release.ts'
import { CHEAP, chart, sampleFacts } from '../facts.fixture.ts'
import { known, unknown } from '../facts.ts'
import type { CheapFacts } from '../facts.ts'
import type { GateAnswer } from '../plan.ts'
import { answersFor } from './index.ts'

const DIGEST = 'b'.repeat(64)
const OTHER = 'f'.repeat(64)

function release(appVersion: string, chartVersion: string, over: Partial<KnownRelease> = {}): KnownRelease {
  return { appVersion, chartVersion, kind: 'stable', sources: ['history'], ...over }
}

const INSTALLED = release('2026.2.9', '1.46.1')
const TARGET = release('2026.3.9', '1.52.2')

function target(appVersion: string, version: string): Partial<CheapFacts> {
  return { target: known({ chart: chart(appVersion, version), chartDigest: DIGEST, namedInFull: true }) }
}

function answerOf(gate: string, knownReleases: KnownRelease[], over: Partial<CheapFacts> = {}): GateAnswer | undefined {
  return answersFor(sampleFacts({ cheap: { knownReleases, ...over } })).find((answer) => answer.gate === gate)
}

/** The answer, with its code where it stops. */
function verdict(gate: string, knownReleases: KnownRelease[], over: Partial<CheapFacts> = {}): string {
  const found = answerOf(gate, knownReleases, over)
  if (found === undefined) return 'not asked'
  if (found.answer === 'pass' || found.answer === 'warn') return found.answer
  return `${found.answer} ${found.code}${found.mandatory ? '' : ' (acceptable)'}`
}

test.each([
  ['nothing is known', [], {}, 'pass'],
  ['all is as known', [{ ...TARGET, digest: DIGEST }], {}, 'pass'],
  ['the digest is not known', [TARGET], {}, 'pass'],
  [
    'one of two known digests',
    [
      { ...TARGET, digest: OTHER },
      { ...TARGET, digest: DIGEST },
    ],
    {},
    'pass',
  ],
  ['another digest', [{ ...TARGET, digest: OTHER }], {}, 'refuse gate-refused'],
  ['the chart of another application', [release('2026.3.8', '1.52.2')], {}, 'refuse gate-refused'],
  ['a chart version that was used twice', [release('2026.3.8', '1.52.2'), TARGET], {}, 'pass'],
  [
    'the published name of a candidate',
    [release('2026.4.13-rc.2', '1.57.1', { kind: 'rc', digest: OTHER })],
    target('2026.4.13-rc.2', '1.57.1-beta'),
    'refuse gate-refused',
  ],
  ['a version for tests', [], target('2098.12.12', '1.99.1'), 'refuse target-unsupported'],
  ['a candidate for tests', [], target('2097.11.11-rc.3', '1.99.1'), 'refuse target-unsupported'],
  ['a version that is none', [], target('nightly', '1.99.1'), 'pass'],
] as [string, KnownRelease[], Partial<CheapFacts>, string][])(
  'target-genuine, %s: %3$s',
  (_, releases, over, expected) => {
    expect(verdict('target-genuine', releases, over)).toBe(expected)
  },
)

test.each([
  ['nothing is known', [], {}, 'pass'],
  ['known', [INSTALLED, TARGET], {}, 'pass'],
  ['newer than all that is known', [INSTALLED], {}, 'warn'],
  ['only a candidate is newer', [INSTALLED, release('2026.4.13-rc.1', '1.56.1', { kind: 'rc' })], {}, 'warn'],
  ['skipped by the history', [INSTALLED, release('2026.4.13', '1.60.1')], {}, 'refuse gate-refused (acceptable)'],
  ['another chart for a known application', [release('2026.3.9', '1.52.1')], {}, 'refuse gate-refused (acceptable)'],
  ['never on the main line', [INSTALLED, { ...TARGET, kind: 'pre-release' }], {}, 'warn'],
  ['a version that is none', [INSTALLED], target('nightly', '1.99.1'), 'pass'],
] as [string, KnownRelease[], Partial<CheapFacts>, string][])('target-published, %s', (_, releases, over, expected) => {
  expect(verdict('target-published', releases, over)).toBe(expected)
})

test.each([
  ['2026-12-11', 'pass'],
  ['2027-01-09', 'pass'],
  ['2027-01-10', 'warn'],
  ['2027-02-09', 'warn'],
  ['2027-02-10', 'warn'],
  ['2026-02-01', 'warn'],
])('installed-supported on %s: %s', (today, expected) => {
  expect(verdict('installed-supported', [], { today })).toBe(expected)
})

test('the warning names the date, the day it is counted from, and what it would be from the publication', () => {
  const published = [{ ...INSTALLED, published: '2026-02-16' }]
  const evidence = answerOf('installed-supported', published, { today: '2027-02-10' })?.evidence ?? ''
  for (const day of ['2027-02-09', '2026-02-09', '2027-02-16']) expect(evidence).toContain(day)
})

test.each(['2026-05-01', '2028-01-01'])('a candidate that runs has no support, on %s either', (today) => {
  const over = { today, installed: known({ ...CHEAP.latest, chart: chart('2026.4.13-rc.2', '1.57.1-beta') }) }
  expect(verdict('installed-supported', [], over)).toBe('warn')
  expect(answerOf('installed-supported', [], over)?.evidence).toContain('candidate')
})

test('what runs is judged even where nothing was ever deployed, by the newest record', () => {
  expect(verdict('installed-supported', [], { installed: unknown('no revision') })).toBe('pass')
})

test('what is known besides makes a clock wrong that the chart source alone would not', () => {
  expect(verdict('target-supported', [], {})).toBe('pass')
  expect(verdict('target-supported', [], { newestReleaseDay: '2026-04-02' })).toBe('unknown unknown-state')
})
