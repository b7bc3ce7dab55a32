import { expect, test } from 'vitest'
import { MAX_SUFFIX_BYTES, nameBeside, prefixBeside } from './copies.ts'

const SUFFIX = '__pawl_new_20261123171500k3f9'
const bytes = (name: string): number => new TextEncoder().encode(name).length

test('a name that leaves room for it only gets the suffix', () => {
  expect(bytes(SUFFIX)).toBe(MAX_SUFFIX_BYTES)
  expect(nameBeside('tally', SUFFIX)).toBe(`tally${SUFFIX}`)
  expect(nameBeside('x'.repeat(34), SUFFIX)).toBe(`${'x'.repeat(34)}${SUFFIX}`)
})

test('whatever a database is called, what stands beside it has a name that no server cuts, and that is its own', () => {
  for (let length = 1; length <= 63; length++) {
    for (const letter of ['x', 'ü', '字', '🐘']) {
      const live = 'x'.repeat(length % bytes(letter)) + letter.repeat(length / bytes(letter))
      const name = nameBeside(live, SUFFIX)
      expect(bytes(live)).toBe(length)
      expect(bytes(name)).toBeLessThanOrEqual(63)
      expect(name.endsWith(SUFFIX)).toBe(true)
      expect(name).not.toContain('\uFFFD')
      expect(name.startsWith(prefixBeside(live))).toBe(true)
    }
  }
  const [one, other] = [`${'x'.repeat(62)}1`, `${'x'.repeat(62)}2`]
  expect(nameBeside(one, SUFFIX)).not.toBe(nameBeside(other, SUFFIX))
  expect(prefixBeside(one)).not.toBe(prefixBeside(other))
})
