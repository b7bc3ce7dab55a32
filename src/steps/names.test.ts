import { expect, test } from 'vitest'
import { recordMark, runOfMark } from './names.ts'

test('who wrote a Helm record is read from its description', () => {
  expect(runOfMark(recordMark('tally-20261123-171500-k3f9', 'rollout'))).toBe('tally-20261123-171500-k3f9')
  for (const other of ['Upgrade complete', 'pawl', 'pawl x', 'pawl x unlock: its process ended', ''])
    expect(runOfMark(other)).toBeUndefined()
})
