import fc from 'fast-check'
import { expect, test } from 'vitest'
import { belowFloor, floorsOf, numbersOf, raised, readImage, type Numbers } from './floors.ts'
import type { Floor } from './guard.ts'
import { deployment } from './guard.fixture.ts'
import { judge } from './judge.ts'
import { guardWith, NOW } from './guard.fixture.ts'
import { writeRequest } from './request.ts'

test.each([
  ['api', 'api', undefined, undefined],
  ['reg:5000/a/api', 'reg:5000/a/api', undefined, undefined],
  ['reg:5000/a/api:1.2.3', 'reg:5000/a/api', '1.2.3', undefined],
  ['a/api:1.2.3@sha256:00', 'a/api', '1.2.3', 'sha256:00'],
  ['a/api@sha256:00', 'a/api', undefined, 'sha256:00'],
])('%s', (image, repository, tag, digest) => {
  expect(readImage(image)).toEqual({ repository, tag, digest })
})

test.each<[string, Numbers | undefined]>([
  ['2026.1.12', [2026, 1, 12]],
  ['v1.2.3-rc.4', [1, 2, 3]],
  ['2026.01.02', [2026, 1, 2]],
  ['1.2', undefined],
  ['latest', undefined],
  ['15', undefined],
])('%s', (tag, expected) => expect(numbersOf(tag)).toEqual(expected))

test('only images with the product own version have an order', () => {
  const objects = [
    deployment('reg/api:2026.2.9'),
    deployment('reg/db:2026.2.9'),
    deployment('valkey:8.0.1'),
    deployment('reg/tool'),
  ]
  expect(floorsOf(objects, '2026.2.9').map(({ repository }) => repository)).toEqual(['reg/api', 'reg/db'])
  expect(floorsOf(objects, 'next')).toEqual([])
})

const numbers = fc.tuple(fc.nat(30), fc.nat(12), fc.nat(31))
const floors = fc
  .uniqueArray(fc.record({ repository: fc.constantFrom('a', 'b', 'c'), version: numbers }), {
    selector: ({ repository }) => repository,
  })
  .map((list): Floor[] => list)

test('raising never lowers and never forgets', () => {
  fc.assert(
    fc.property(floors, floors, (one, other) => {
      const both = raised(one, other)
      for (const { repository, version } of [...one, ...other]) {
        expect(belowFloor(`${repository}:${version.join('.')}`, both)?.why).not.toBe('not a version')
        const kept = both.find((floor) => floor.repository === repository)
        expect(kept && belowFloor(`${repository}:${kept.version.join('.')}`, [{ repository, version }])).toBeUndefined()
      }
      expect(raised(both, other)).toEqual(both)
    }),
  )
})

test('the policy judges as floors compare', () => {
  fc.assert(
    fc.property(numbers, numbers, (floor, tag) => {
      const [image, list] = [`a:${tag.join('.')}`, [{ repository: 'a', version: floor }]]
      const request = writeRequest({ object: deployment(image), namespace: 'toys', now: NOW })
      const refused = judge(request, [guardWith({ floors: list })]).length > 0
      expect(refused).toBe(belowFloor(image, list) !== undefined)
    }),
  )
})
