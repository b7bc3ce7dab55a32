import { expect, test } from 'vitest'
import { PROFILES } from './index.ts'
import { tally } from './tally/profile.ts'
import { celFieldsOf } from '../core/profile/cel-fields.ts'
import { lintProfile } from '../core/profile/lint.ts'
import type { Profile } from '../core/profile/profile.ts'
import type { TrapRule } from '../core/profile/traps.ts'

test.each(PROFILES.map((profile) => [profile.name, profile] as const))('the CEL of %s is sound', (_, profile) => {
  expect(lintProfile(profile)).toEqual([])
  expect(celFieldsOf(profile).length).toBeGreaterThan(15)
})

function broken(change: Partial<Profile['databases'][number]>): Profile {
  return { ...tally, databases: tally.databases.map((rule, index) => (index === 0 ? { ...rule, ...change } : rule)) }
}

const trap = (change: Partial<TrapRule>): Profile => ({
  ...tally,
  traps: [{ name: 't', when: 'true', weight: 'warn', says: 's', remedy: 'r', ...change }],
})

test.each([
  ['syntax', broken({ host: 'values.' }), 'databases.ledger.host', 'no CEL'],
  ['an unknown name', broken({ database: 'vals.db' }), 'databases.ledger.database', '"vals"'],
  ['an unknown name inside a macro', broken({ user: "['a'].map(x, x + y)[0]" }), 'databases.ledger.user', '"y"'],
  ['an unknown function', broken({ when: 'lookup(release.name)' }), 'databases.ledger.when', '"lookup"'],
  ['one in a branch that is not taken', broken({ when: 'false && lookup(1)' }), 'databases.ledger.when', '"lookup"'],
  ['too many arguments', broken({ host: "kubeName('a', 'b')" }), 'databases.ledger.host', '2 arguments'],
  ['a function as a method', broken({ host: "'a'.kubeName('b')" }), 'databases.ledger.host', 'on a value'],
  ['a number where a text is needed', broken({ host: '5432' }), 'databases.ledger.host', 'a number'],
  ['a text where a number is needed', broken({ port: "'5432'" }), 'databases.ledger.port', 'a text'],
  ['a text where a bool is needed', broken({ when: "'true'" }), 'databases.ledger.when', 'a text'],
  ['a bool in one branch', broken({ host: "truthy(values) ? 'a' : true" }), 'databases.ledger.host', 'a bool'],
  ['a list', broken({ host: "['a']" }), 'databases.ledger.host', 'something else'],
  ['a list by a macro', broken({ host: "['a'].map(x, x)" }), 'databases.ledger.host', 'something else'],
  ['two rules for one role', broken({ role: 'assist' }), 'databases.assist', 'two rules'],
  ['what only traps may see', broken({ when: 'truthy(before.values)' }), 'databases.ledger.when', '"before"'],
  ['a trap that gives a text', trap({ when: "'x'" }), 'traps.t.when', 'a text'],
  ['a trap with no version', trap({ charts: { crossing: 'soon' } }), 'traps.t.charts.crossing', '"soon"'],
])('%s is found', (_, profile, field, problem) => {
  const found = lintProfile(profile).find((finding) => finding.field === field)
  expect(found?.problem).toContain(problem)
})

test.each([
  ['a variable that a macro binds', broken({ user: "['a'].map(n, n + release.name)[0]" })],
  ['a macro that gives a bool', broken({ when: "['a'].exists(n, n == release.name)" })],
  ['a value whose type only the installation tells', broken({ host: 'values.host' })],
  ['the name of a type', broken({ when: 'type(at(values, "x")) == string' })],
  ['both sides in a trap', trap({ when: 'before.values == values && live.passwordUrlSafe.ledger' })],
])('%s is sound', (_, profile) => {
  expect(lintProfile(profile)).toEqual([])
})
