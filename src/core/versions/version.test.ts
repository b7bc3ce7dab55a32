import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isPawlError } from '../errors.ts'
import { compareVersions, formatVersion, newestVersion, parseVersion, readVersion } from './version.ts'

const day = fc.record({
  year: fc.integer({ min: 2020, max: 2099 }),
  month: fc.integer({ min: 1, max: 12 }),
  day: fc.integer({ min: 1, max: 28 }),
})
const padded = fc.boolean()
const number = fc.integer({ min: 0, max: 999_999 })
const suffix = fc.oneof(
  fc.constant(''),
  number.map((n) => `-rc.${n}`),
  number.map((n) => `-${n}`),
  number.map((n) => `-patch${n}`),
)
const calverText = fc.tuple(day, padded, suffix).map(([d, pad, tail]) => {
  const two = (n: number): string => (pad ? String(n).padStart(2, '0') : String(n))
  return `${d.year}.${two(d.month)}.${two(d.day)}${tail}`
})
const semverText = fc
  .tuple(number, number, number, fc.constantFrom('', '-rc.1', '-rc.10', '-rc.2', '-beta', '+7', '-rc.2+8'))
  .map(([a, b, c, tail]) => `${a}.${b}.${c}${tail}`)

for (const [scheme, texts] of [
  ['calver', calverText],
  ['semver', semverText],
] as const) {
  test(`${scheme}: what is written is what was read`, () => {
    fc.assert(fc.property(texts, (text) => formatVersion(parseVersion(text, scheme)) === text))
  })

  test(`${scheme}: the order is total`, () => {
    const version = texts.map((text) => parseVersion(text, scheme))
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(compareVersions(a, a)).toBe(0)
        expect(compareVersions(a, b) + compareVersions(b, a)).toBe(0)
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) {
          expect(compareVersions(a, c)).toBeLessThanOrEqual(0)
        }
      }),
    )
  })
}

test('on one day, a candidate comes before the release and a patch after it, by number', () => {
  fc.assert(
    fc.property(day, number, number, (d, candidate, patch) => {
      const text = `${d.year}.${d.month}.${d.day}`
      const [rc, release, later] = [`${text}-rc.${candidate}`, text, `${text}-patch${patch}`].map((t) =>
        parseVersion(t, 'calver'),
      )
      expect(compareVersions(rc!, release!)).toBe(-1)
      expect(compareVersions(release!, later!)).toBe(-1)
    }),
  )
})

test.each([
  ['2025.9.30', '2025.10.1'],
  ['2025.12.31', '2026.1.1'],
  ['2026.3.9-rc.9', '2026.3.9-rc.10'],
  ['2026.3.9-rc.2', '2026.3.9-rc.2.1'],
  ['2025.11.11-rc.1', '2025.11.11'],
  ['2025.11.11', '2025.11.11-patch1'],
  ['2025.11.11-2', '2025.11.11-patch10'],
  ['2022.6.1-8', '2022.6.1-11'],
])('%s comes before %s', (older, newer) => {
  expect(compareVersions(parseVersion(older, 'calver'), parseVersion(newer, 'calver'))).toBe(-1)
})

test.each([
  ['1.9.1', '1.10.0'],
  ['1.228.1-beta', '1.228.1'],
  ['1.46.3-rc.2', '1.46.3-rc.10'],
])('chart %s comes before %s', (older, newer) => {
  expect(compareVersions(parseVersion(older, 'semver'), parseVersion(newer, 'semver'))).toBe(-1)
})

test('two spellings of one day are one version', () => {
  expect(compareVersions(parseVersion('2022.05.04', 'calver'), parseVersion('2022.5.4', 'calver'))).toBe(0)
})

test.each([
  '',
  ' ',
  'latest',
  'v2026.3.9',
  '2026.3',
  '2026.3.x',
  '>=2026.3.9',
  '2026.3.9 - 2026.4.1',
  '~2026.3.9',
  '2026.13.1',
  '2026.2.30',
  '2026.0.9',
  '2026-3-9',
  '2026.3.9-rc7',
  '2026.3.9-rc.',
  '2026.3.9-hotfix',
  '2026.3.9\n',
  '3.0.0',
  '2026.3.9-99999999999999999999',
])('calver refuses %j', (text) => {
  expect(readVersion(text, 'calver')).toBeUndefined()
})

test.each(['', 'latest', 'v1.2.3', '=1.2.3', '1.2', '^1.2.3', '1.2.x', '1.2.3 ', '01.2.3', '>=1.2.3'])(
  'semver refuses %j',
  (text) => {
    expect(readVersion(text, 'semver')).toBeUndefined()
  },
)

test('what is not a version is version-unparsable and says what was given', () => {
  try {
    parseVersion('latest', 'calver')
    expect.unreachable()
  } catch (error) {
    expect(isPawlError(error, 'version-unparsable')).toBe(true)
    expect((error as Error).message).toContain('"latest"')
  }
})

test('the newest is the newest by number', () => {
  const versions = ['2025.9.11', '2025.11.11-rc.1', '2025.10.13'].map((text) => parseVersion(text, 'calver'))
  expect(newestVersion(versions)?.text).toBe('2025.11.11-rc.1')
  expect(newestVersion([])).toBeUndefined()
})
