import { expect, test } from 'vitest'
import { databaseSuffixes, recordMark, runOfMark } from './names.ts'

test('who wrote a Helm record is read from its description', () => {
  expect(runOfMark(recordMark('tally-20261123-171500-k3f9', 'rollout'))).toBe('tally-20261123-171500-k3f9')
  for (const other of ['Upgrade complete', 'pawl', 'pawl x', 'pawl x unlock: its process ended', ''])
    expect(runOfMark(other)).toBeUndefined()
})

test('databases beside the live ones are told apart by their names, which leave room for those of the live ones', () => {
  const names = Object.values(databaseSuffixes('20261123-171500-k3f9')).flat()
  expect(new Set(names).size).toBe(8)
  for (const name of names) expect(name).toMatch(/^__pawl_[a-z0-9]{3}_20261123171500k3f9$/)
})
