import { expect, test } from 'vitest'
import { estimateSpace } from './space.ts'

const seen = (role: string, sizeBytes: number, archiveBytes: number) => ({ role, sizeBytes, archiveBytes })

test('the worst of the last three sets counts, with a margin', () => {
  const earlier = [seen('a', 100, 20), seen('a', 100, 25), seen('a', 100, 10), seen('a', 100, 90)]
  expect(estimateSpace([{ role: 'a', sizeBytes: 1000 }], earlier)).toEqual({ bytes: 300, guessed: [] })
})

test('a database that nothing is known of is counted in full, and named', () => {
  const databases = [
    { role: 'a', sizeBytes: 1000 },
    { role: 'b', sizeBytes: 500 },
  ]
  expect(estimateSpace(databases, [seen('a', 100, 10), seen('b', 0, 5)])).toEqual({ bytes: 620, guessed: ['b'] })
})
