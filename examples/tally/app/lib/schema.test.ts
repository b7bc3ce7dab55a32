import { expect, test } from 'vitest'
import { compareSchema } from './schema.ts'

const expected = ['1-a', '2-b', '3-c']

test.each([
  ['nothing recorded', [], { kind: 'waiting', schema: null }],
  ['all of them', ['/1-a', '/2-b', '/3-c'], { kind: 'current', schema: '/3-c' }],
  ['the last is missing', ['/1-a', '/2-b'], { kind: 'older', schema: '/2-b' }],
  ['one in the middle is missing', ['/1-a', '/3-c'], { kind: 'older', schema: '/3-c' }],
  ['one too many', ['/1-a', '/2-b', '/3-c', '/4-d'], { kind: 'newer', schema: '/4-d' }],
  ['a stranger, and one is missing', ['/1-a', '/2-b', '/9-x'], { kind: 'newer', schema: '/9-x' }],
] as const)('%s', (_, recorded, state) => {
  expect(compareSchema(expected, recorded)).toEqual(state)
})
