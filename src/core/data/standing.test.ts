import { expect, test } from 'vitest'
import { standingOf, whatWasWritten, type Standing } from './standing.ts'

const THEN: Standing = { writeCounter: '12', schemaFingerprint: 'f', placement: 'p' }

test('nothing was written where everything is as it was', () => {
  expect(whatWasWritten(THEN, { ...THEN })).toBeUndefined()
})

test.each(Object.keys(THEN) as (keyof Standing)[])('a difference of %s alone says that something was', (what) => {
  expect(whatWasWritten(THEN, { ...THEN, [what]: '13' })).toEqual(expect.any(String))
  const { [what]: _left, ...rest } = THEN
  expect(whatWasWritten(rest, THEN)).toEqual(expect.any(String))
})

test('only the standing is taken of what was seen', () => {
  const seen = { ...THEN, role: 'ledger' }
  expect(standingOf(seen)).toEqual(THEN)
})
