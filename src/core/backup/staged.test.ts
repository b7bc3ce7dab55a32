import { expect, test } from 'vitest'
import type { FoundCopy } from '../data/copies.ts'
import { stagedBytes, whyUnusable } from './staged.ts'

const SET = 'ns/rel/20260101-120000-abcd'
const WANTED = [
  { role: 'ledger', database: 'tally__pawl_set_x', digest: 'd1' },
  { role: 'assist', database: 'assist__pawl_set_x', digest: 'd2' },
]
const FOUND: FoundCopy[] = WANTED.map((copy) => ({ ...copy, state: 'proven', set: SET, open: false }))

test('copies are usable where every one of them is what the set left', () => {
  expect(whyUnusable(SET, WANTED, FOUND)).toBeUndefined()
  expect(whyUnusable(SET, WANTED, [...FOUND].toReversed())).toBeUndefined()
})

const SPOILED: [what: string, over: Partial<FoundCopy>, why: RegExp][] = [
  ['another name', { database: 'assist__pawl_new_x' }, /is not there/],
  ['no mark', { state: 'unmarked' }, /no mark/],
  ['an unfinished restore', { state: 'restoring' }, /is restoring/],
  ['what a recovery has replaced', { state: 'kept' }, /is kept/],
  ['another set', { set: 'ns/rel/20251224-120000-wxyz' }, /another backup set/],
  ['beside another database of the set', { role: 'ledger' }, /is not there/],
  ['other content', { digest: 'd1' }, /other content/],
  ['somebody opened it', { open: true }, /is open/],
]

test.each(SPOILED)('one of two is not: %s', (_, over, why) => {
  const spoiled = FOUND.map((copy) => (copy.role === 'assist' ? { ...copy, ...over } : copy))
  expect(whyUnusable(SET, WANTED, spoiled)).toMatch(why)
})

test('databases of two servers that have one name are told apart by role', () => {
  const wanted = WANTED.map((copy) => ({ ...copy, database: 'app__pawl_set_x' }))
  const found = FOUND.map((copy) => ({ ...copy, database: 'app__pawl_set_x' }))
  expect(whyUnusable(SET, wanted, found)).toBeUndefined()
  expect(whyUnusable(SET, wanted, found.slice(0, 1))).toMatch(/is not there/)
})

test('one of two is missing', () => {
  expect(whyUnusable(SET, WANTED, FOUND.slice(0, 1))).toBe('assist__pawl_set_x is not there')
})

test('their room is that of all of them', () => {
  const copies = WANTED.map(({ role, database }, at) => ({ role, database, sizeBytes: 10 ** at }))
  expect(stagedBytes({ suffix: 's', at: '', copies })).toBe(11)
})
