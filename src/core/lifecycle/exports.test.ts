// What is exported of CARTO's lifecycle keeps to the formats' own rules, and to the calendar.
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { expect, test } from 'vitest'
import { profileHistory } from '../../profiles/histories.ts'
import { isPawlError } from '../errors.ts'
import type { JsonRecord } from '../json.ts'
import type { KnownRelease } from '../releases/release.ts'
import { cyclesOf, knownSince } from './cycles.ts'
import type { Cycle } from './cycles.ts'
import { ENDOFLIFE_SCHEMA } from './endoflife.fixture.ts'
import { endOfLife } from './endoflife.ts'
import { OPENEOX_SCHEMA, OPENEOX_TESTS } from './openeox.fixture.ts'
import { OPENEOX_CORE, openEoxCore } from './openeox.ts'

const ajv = formats.default(new Ajv2020({ strict: true }))
const product = { versionScheme: 'calver', lifecycle: { supportMonths: 12, warnDays: 60 } } as const
const names = { name: 'carto', title: 'CARTO Self-Hosted' }
const history = await profileHistory('carto')

function cycles(today: string, releases: readonly KnownRelease[] = history): Cycle[] {
  return cyclesOf(releases, product, today)
}

function cycle(name: string, today: string): Cycle | undefined {
  return cycles(today).find((found) => found.name === name)
}

test('a cycle is one finished release with its patches; its newest version is one that has a chart', () => {
  const all = cycles('2026-11-11')
  expect(all.map(({ name }) => name).slice(-3)).toEqual(['2026.5.14', '2026.6.12', '2026.7.16'])
  expect(all.map(({ name }) => name)).not.toContain('2098.12.12')
  expect(cycle('2025.11.11', '2026-11-11')).toMatchObject({
    released: '2025-11-11',
    until: '2026-11-11',
    latest: { version: '2025.11.11', chartVersion: '1.228.1', published: '2025-11-27' },
  })
  expect(cycle('2022.8.19-1', '2026-11-11')?.latest.version).toBe('2022.8.19-2')
})

test.each([
  ['2026-11-11', 'ending', 0],
  ['2026-11-12', 'ended', -1],
  ['2026-09-12', 'ending', 60],
  ['2026-09-11', 'supported', 61],
])('on %s 2025.11.11 is %s', (today, state, daysLeft) => {
  expect(cycle('2025.11.11', today)?.support).toMatchObject({ state, daysLeft, atLatest: '2026-11-27' })
})

test('before the newest finished release the clock is wrong, and nothing is said to be supported', () => {
  expect(new Set(cycles('2026-07-15').map(({ support }) => support.state))).toEqual(new Set(['unknown']))
  expect(cycle('2026.7.16', '2026-07-16')?.support.state).toBe('supported')
})

test('endoflife.date: by its schema, newest first, and the last day is not over yet', () => {
  const valid = ajv.compile(ENDOFLIFE_SCHEMA)
  const asOf = knownSince(history, 'calver') ?? ''
  const exported = endOfLife(names, cycles('2026-11-11'), asOf)
  expect([valid(exported), valid.errors]).toEqual([true, null])
  const { releases } = exported['result'] as { releases: JsonRecord[] }
  expect(releases[0]).toMatchObject({ name: '2026.7.16', isEol: false, isMaintained: true, eolFrom: '2027-07-16' })
  expect(releases.find(({ name }) => name === '2025.11.11')).toMatchObject({ isEol: false, eolFrom: '2026-11-11' })
  const next = endOfLife(names, cycles('2026-11-12'), asOf)['result'] as { releases: JsonRecord[] }
  expect(next.releases.find(({ name }) => name === '2025.11.11')).toMatchObject({ isEol: true, isMaintained: false })
  expect(exported['last_modified']).toBe('2026-07-23T00:00:00+00:00')
  expect(valid({ ...exported, result: { ...(exported['result'] as JsonRecord), releases: [{ name: 'x' }] } })).toBe(
    false,
  )
})

test('endoflife.date has no word for unknown: nothing is exported', () => {
  try {
    endOfLife(names, cycles('2020-01-01'), '2026-07-23')
    expect.unreachable()
  } catch (error) {
    expect(isPawlError(error, 'unknown-state')).toBe(true)
  }
})

const document: JsonRecord = {
  $schema: OPENEOX_CORE,
  end_of_life: '2026-11-11T23:59:59Z',
  end_of_sales: '2026-06-01T00:00:00Z',
  end_of_security_support: '2026-11-11T23:59:59Z',
  general_availability: '2025-11-11T00:00:00Z',
  last_updated: '2026-07-23T00:00:00Z',
}
const validOpenEox = ajv.compile(OPENEOX_SCHEMA)

test.each(Object.entries(OPENEOX_TESTS))('OpenEoX Core: every release passes %s', (_, passes) => {
  for (const one of cycles('2026-11-11')) {
    const core = openEoxCore(one, '2026-07-23')
    expect([validOpenEox(core), validOpenEox.errors, passes(core)], one.name).toEqual([true, null, true])
  }
})

test.each([
  ['7.1.1', { end_of_life: '2026-11-11T22:00:00Z' }],
  ['7.1.1', { end_of_life: '2026-11-11T23:59:59+02:00' }],
  ['7.1.2', { end_of_life: '2026-11-11 23:59:59Z' }],
  ['7.1.2', { last_updated: '2026-07-23t00:00:00z' }],
  ['7.1.2', { last_updated: '2026-07-23T00:00:00' }],
  ['7.1.2', { end_of_sales: '2016-12-31T23:59:60Z' }],
  ['7.1.3', { general_availability: '2026-06-02T00:00:00Z' }],
  ['7.2.1', { end_of_sales: 'tba' }],
  ['7.2.2', { general_availability: 'tba' }],
])('its test %s can fail: %o', (section, change) => {
  const failing = (one: JsonRecord): string[] =>
    Object.entries(OPENEOX_TESTS).flatMap(([name, passes]) => (passes(one) ? [] : [name.slice(0, 5)]))
  expect(failing(document)).toEqual([])
  expect(failing({ ...document, ...change })).toContain(section)
})

test.each([
  ['a field more', { product: 'carto' }],
  ['no end', { end_of_life: undefined }],
  ['another schema', { $schema: 'https://json-schema.org/draft/2020-12/schema' }],
  ['no time', { end_of_security_support: 'soon' }],
])('its schema refuses %s', (_, change) => {
  const changed = JSON.parse(JSON.stringify({ ...document, ...change })) as JsonRecord
  expect([validOpenEox(document), validOpenEox(changed)]).toEqual([true, false])
})

test('the same facts give the same documents on any day they are known', () => {
  const texts = ['2026-08-01', '2026-11-23'].map((today) =>
    JSON.stringify(cycles(today).map((one) => openEoxCore(one, knownSince(history, 'calver') ?? ''))),
  )
  expect(texts[0]).toBe(texts[1])
})
