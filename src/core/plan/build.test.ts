import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isPawlError } from '../errors.ts'
import { acceptedGates, buildPlan, refusalOf } from './build.ts'
import { known, unknown } from './facts.ts'
import type { PlanFacts } from './facts.ts'
import { CHEAP, chart, database, observation, sampleFacts } from './facts.fixture.ts'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const planOf = (facts: PlanFacts): ReturnType<typeof buildPlan> => buildPlan(facts, [], sha256)
const hashOf = (facts: PlanFacts): string => planOf(facts).hash
const base = hashOf(sampleFacts())

test('the plan says what is there and what will be done', () => {
  const plan = planOf(sampleFacts())
  expect(plan.from).toEqual({ appVersion: '2026.2.9', chartVersion: '1.46.1', chartDigest: 'a'.repeat(64) })
  expect(plan.to).toEqual({ appVersion: '2026.3.9', chartVersion: '1.52.2', chartDigest: 'b'.repeat(64) })
  expect(plan.databases).toMatchObject([{ serverMajor: 15, lastMigration: '002', expectedMigration: '004' }])
  expect(plan.estimate.backupSeconds).toBeGreaterThan(0)
  expect(refusalOf(plan)).toBeUndefined()
})

test('that the copies of the proof are to stay is in the plan, with the room they take, and in its hash', () => {
  const plan = planOf(sampleFacts({ staging: { roomBytes: 1e9 } }))
  expect(plan.staged).toEqual({ bytes: 200_000_000 })
  expect(plan.hash).not.toBe(base)
  expect(hashOf(sampleFacts({ staging: { roomBytes: 2e9 } }))).toBe(plan.hash)
  expect(plan.estimate.recoverySeconds).toBeLessThan(planOf(sampleFacts()).estimate.recoverySeconds)
})

function reordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reordered)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, inner]) => [key, reordered(inner)]),
  )
}

test('the same facts give the same hash, in whatever order their fields stand', () => {
  expect(hashOf(reordered(sampleFacts()) as PlanFacts)).toBe(base)
})

test('times, sizes and wording do not change the hash', () => {
  fc.assert(
    fc.property(fc.nat(), fc.date({ noInvalidDate: true }), fc.string(), (sizeBytes, at, words) => {
      const facts = sampleFacts({
        observed: {
          observations: known([
            observation('ledger', { sizeBytes, at: at.toISOString(), writeCounter: String(sizeBytes) }),
          ]),
          store: known({}),
        },
        rendered: { changes: [{ object: 'Deployment/api', change: 'change', details: [words] }] },
      })
      expect(hashOf({ ...facts, at: at.toISOString() })).toBe(base)
    }),
  )
})

test('neither does the folder from which a values file was read', () => {
  const valuesFiles = [{ name: '/elsewhere/values.yaml', digest: 'c'.repeat(64) }]
  expect(hashOf(sampleFacts({ cheap: { valuesFiles } }))).toBe(base)
})

test('neither does the number an autoscaler happens to have chosen', () => {
  const at = (replicas: number): string =>
    hashOf(sampleFacts({ cheap: { writers: known([{ deployment: 'api', replicas, autoscaler: 'api' }]) } }))
  expect(at(2)).toBe(at(7))
})

const matters: [string, PlanFacts][] = [
  ['the release', { ...sampleFacts(), release: 'other' }],
  ['the namespace', { ...sampleFacts(), namespace: 'other' }],
  ['the Helm revision', sampleFacts({ cheap: { latest: { ...CHEAP.latest, revision: 5 } } })],
  ['how Helm applies', sampleFacts({ cheap: { latest: { ...CHEAP.latest, applyMethod: 'csa' } } })],
  [
    'the target',
    sampleFacts({
      cheap: { target: known({ chart: chart('2026.3.9', '1.52.3'), chartDigest: 'b'.repeat(64), namedInFull: true }) },
    }),
  ],
  [
    "the bytes of the target's chart",
    sampleFacts({
      cheap: { target: known({ chart: chart('2026.3.9', '1.52.2'), chartDigest: 'e'.repeat(64), namedInFull: true }) },
    }),
  ],
  ['the bytes of the installed chart', sampleFacts({ cheap: { installedChart: known({ digest: 'e' }) } })],
  ['a values file', sampleFacts({ cheap: { valuesFiles: [{ name: 'values.yaml', digest: 'e' }] } })],
  ['the merged values', sampleFacts({ cheap: { mergedValuesDigest: 'e' } })],
  ['a writer', sampleFacts({ cheap: { writers: known([{ deployment: 'board', replicas: 2 }]) } })],
  ['how many of a writer run', sampleFacts({ cheap: { writers: known([{ deployment: 'api', replicas: 3 }]) } })],
  ['that the source is to be spared', sampleFacts({ sourceLoad: 'low' })],
  ['what changes', sampleFacts({ rendered: { changes: [] } })],
  ['a refusal', sampleFacts({ cheap: { otherWriters: known(['CronJob/x']) } })],
  [
    'the last migration',
    sampleFacts({ observed: { observations: known([observation('ledger', { migrations: ['001'] })]) } }),
  ],
  ['the server', sampleFacts({ observed: { observations: known([observation('ledger', { serverMajor: 16 })]) } })],
  ['what the target expects', sampleFacts({ cheap: { databasesAfter: known([database('ledger', {}, '005')]) } })],
]

test.each(matters)('%s changes the hash', (_, facts) => {
  expect(hashOf(facts)).not.toBe(base)
})

test('accepting a gate does not change the hash it is bound to', () => {
  const facts = sampleFacts({ cheap: { otherWriters: known(['CronJob/x']) } })
  const plan = planOf(facts)
  const accepted = acceptedGates(plan, ['writers-known'], 'ada@host', '2026-04-01T09:00:00Z')
  const again = buildPlan(facts, accepted, sha256)
  expect(again.hash).toBe(plan.hash)
  expect(refusalOf(plan)?.code).toBe('gate-unaccepted')
  expect(refusalOf(again)).toBeUndefined()
  expect(again.accepted).toMatchObject([
    { gate: 'writers-known', by: 'ada@host', evidence: expect.stringContaining('CronJob/x') },
  ])
})

test.each(['target-newer', 'no-such-gate', ''])('%j cannot be accepted', (name) => {
  try {
    acceptedGates(planOf(sampleFacts()), [name], 'ada', 'now')
    expect.unreachable()
  } catch (error) {
    expect(isPawlError(error, 'usage')).toBe(true)
  }
})

test('a mandatory refusal comes before an unknown, an unknown before what may be accepted', () => {
  const acceptable = { otherWriters: known(['CronJob/x']) }
  const unseen = { identityThere: unknown('no answer') }
  const older = { target: known({ chart: chart('2026.1.12', '1.41.1'), chartDigest: 'b', namedInFull: true }) }
  const codeOf = (cheap: Partial<typeof CHEAP>): string | undefined => refusalOf(planOf(sampleFacts({ cheap })))?.code
  expect(codeOf({ ...acceptable, ...unseen, ...older })).toBe('target-older')
  expect(codeOf({ ...acceptable, ...unseen })).toBe('unknown-state')
  expect(codeOf(acceptable)).toBe('gate-unaccepted')
})

test('a refusal names every gate that refused and fills its hint', () => {
  const facts = sampleFacts({
    cheap: { target: known({ chart: chart('2025.1.1', '1.1.1'), chartDigest: 'b', namedInFull: true }) },
  })
  const error = refusalOf(planOf(facts))
  expect(error?.facts).toMatchObject({
    refused: ['target-newer', 'target-supported'],
    release: 'prod',
    namespace: 'ledger',
  })
  expect(error?.hint).toContain('pawl recover prod -n ledger')
})

test('a plan of facts that broke off is refused and has no target', () => {
  const { rendered: _r, observed: _o, ...facts } = sampleFacts({ cheap: { target: unknown('none', 'target-unknown') } })
  const plan = planOf(facts)
  expect(plan.to).toEqual({ appVersion: '2026.3.9', chartVersion: '', chartDigest: '' })
  expect(refusalOf(plan)?.code).toBe('target-unknown')
})
