// The floor policy decides in its match condition and says why in its validations: on random writes both agree with a plain reading
// of the rules.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { JsonRecord } from '../json.ts'
import { compareNumbers, numbersOf, readImage } from './floors.ts'
import { api, deployment, guardWith, NOW } from './guard.fixture.ts'
import type { ReleaseGuard } from './guard.ts'
import { judge } from './judge.ts'
import { writeRequest } from './request.ts'

const TAGS = [':2026.2.9', ':2026.1.12', ':2026.3.1', ':v2026.2.8', ':latest', '@sha256:00', ':2026.2.9@sha256:00']
const image = fc.oneof(fc.constantFrom(...TAGS).map(api), fc.constantFrom('reg.example:5000/toy/web:1.0.0', 'db:15'))
const workload = fc.record({ image, replicas: fc.constantFrom(0, 1, 2) })

const write = fc.record({
  after: workload,
  before: fc.option(workload),
  name: fc.constantFrom('toy-api', 'toy-web'),
  quiesced: fc.option(
    fc.record({
      mayStart: fc.constantFrom<string[]>([], ['Deployment/toy-web']),
      mayRun: fc.constantFrom<string[]>([], [api(':2026.1.12')]),
    }),
  ),
})
type Write = typeof write extends fc.Arbitrary<infer T> ? T : never

const REPOSITORY = 'reg.example:5000/toy/api'

function isTooOld({ after, before }: Write): boolean {
  const { repository, tag } = readImage(after.image)
  const wakes = (before?.replicas ?? 0) === 0 && after.replicas > 0
  if (repository !== REPOSITORY || tag === undefined || (after.image === before?.image && !wakes)) return false
  const version = numbersOf(tag)
  return version === undefined || compareNumbers(version, [2026, 2, 9]) < 0
}

function startsWriter({ after, before, name, quiesced }: Write): boolean {
  if (quiesced === null || after.replicas <= (before?.replicas ?? 0)) return false
  const writerImage = readImage(after.image).repository === REPOSITORY
  const allowed =
    quiesced.mayStart.length > 0 && name === 'toy-web'
      ? true
      : quiesced.mayRun.length > 0 && (!writerImage || after.image === api(':2026.1.12'))
  return (name === 'toy-api' || writerImage) && !allowed
}

test('what is refused, and by which rule', () => {
  fc.assert(
    fc.property(write, (one) => {
      const { after, before, name, quiesced } = one
      const object = (made: Write['after']): JsonRecord => deployment(made.image, made.replicas, name)
      const stopped: Partial<ReleaseGuard> =
        quiesced === null
          ? {}
          : { quiesced: { run: 'toy-1', writers: ['toy-api'], repositories: [REPOSITORY], ...quiesced } }
      const request = writeRequest({
        object: object(after),
        namespace: 'toys',
        now: NOW,
        ...(before === null ? {} : { before: object(before) }),
      })
      const expected = isTooOld(one) ? ['floor'] : startsWriter(one) ? ['quiesced'] : []
      expect(judge(request, [guardWith(stopped)]).map(({ rule }) => rule)).toEqual(expected)
    }),
    { numRuns: 300 },
  )
})
