import { expect, test } from 'vitest'
import { PROFILES } from './index.ts'
import { tally } from './tally/profile.ts'
import { celFieldsOf, lintProfile } from '../core/profile/lint.ts'
import type { Profile } from '../core/profile/profile.ts'

test.each(PROFILES.map((profile) => [profile.name, profile] as const))('the CEL of %s is sound', (_, profile) => {
  expect(lintProfile(profile)).toEqual([])
  expect(celFieldsOf(profile).length).toBeGreaterThan(15)
})

function broken(change: Partial<Profile['databases'][number]>): Profile {
  return { ...tally, databases: tally.databases.map((rule, index) => (index === 0 ? { ...rule, ...change } : rule)) }
}

test.each([
  ['syntax', broken({ host: 'values.' }), 'databases.ledger.host'],
  ['an unknown name', broken({ database: 'vals.db' }), 'databases.ledger.database'],
  ['an unknown name inside a macro', broken({ user: "['a'].map(x, x + y)[0]" }), 'databases.ledger.user'],
  ['an unknown function', broken({ when: 'lookup(release.name)' }), 'databases.ledger.when'],
  ['two rules for one role', broken({ role: 'assist' }), 'databases.assist'],
])('%s is found', (_, profile, field) => {
  expect(lintProfile(profile).map((finding) => finding.field)).toContain(field)
})

test('variables that a macro binds are no unknown names', () => {
  expect(lintProfile(broken({ user: "['a'].map(n, n + release.name)[0]" }))).toEqual([])
})
