import { expect, test } from 'vitest'
import { isPawlError } from '../errors.ts'
import { evaluatorFor } from './cel.ts'
import type { CelScope } from './cel.ts'
import { chartAtLeast, orElse, present, textAt, truthy } from './celtext.ts'

function withValues(values: Record<string, unknown>, version = '1.52.2'): CelScope {
  const chart = { name: 'tally', version, appVersion: '2026.3.9', annotations: {} }
  return { release: { name: 'prod', namespace: 'ledger' }, values, chart }
}

function failure(action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    return isPawlError(error) ? { code: error.code, facts: error.facts } : error
  }
  return undefined
}

test.each([
  [true, true],
  ['false', true],
  ['x', true],
  [1, true],
  [['x'], true],
  [{ x: 1 }, true],
  [false, false],
  ['', false],
  [0, false],
  [null, false],
  [[], false],
  [{}, false],
])('%j is %s for Helm', (value, expected) => {
  const evaluator = evaluatorFor('p', withValues({ a: { b: value } }))
  expect(evaluator.flag('f', truthy('values.a.b'))).toBe(expected)
})

test('a value that is missing at any depth is not there', () => {
  for (const values of [{}, { a: {} }, { a: 'text' }]) {
    const evaluator = evaluatorFor('p', withValues(values))
    expect(evaluator.flag('f', present('values.a.b'))).toBe(false)
    expect(evaluator.text('f', textAt('values.a.b'))).toBe('')
    expect(evaluator.text('f', orElse('values.a.b', "'fallback'"))).toBe('fallback')
  }
})

test.each([
  ['1.57.1-beta', '1.57.1', true],
  ['1.57.1', '1.58.0', false],
  ['1.57.1', '1.57.2', false],
  ['2.0.0', '1.58.9', true],
  ['1.100.0', '1.58.0', true],
])('chart %s is at least %s: %s', (version, floor, expected) => {
  expect(evaluatorFor('p', withValues({}, version)).flag('f', chartAtLeast(floor))).toBe(expected)
})

test('a chart without a readable version is of no known generation', () => {
  expect(failure(() => evaluatorFor('p', withValues({}, 'nightly')).flag('f', chartAtLeast('1.58.0')))).toMatchObject({
    code: 'unknown-state',
  })
})

test('whole numbers are read as such, from numbers and from text', () => {
  const evaluator = evaluatorFor('p', withValues({ port: 5432, text: '6432' }))
  expect(evaluator.integer('port', 'values.port')).toBe(5432)
  expect(evaluator.integer('port', 'int(values.text)')).toBe(6432)
})

test.each([
  ['a missing field', 'values.nothing.here'],
  ['a value of another type', 'values.list'],
  ['bad syntax', 'values.'],
  ['an unknown function', 'lookup(values.host)'],
])('%s is an unknown that names profile, field and expression', (_, expression) => {
  const evaluator = evaluatorFor('tally', withValues({ list: [] }))
  expect(failure(() => evaluator.text('databases.ledger.host', expression))).toEqual({
    code: 'unknown-state',
    facts: { profile: 'tally', field: 'databases.ledger.host', expression },
  })
})

test('a port that is no number is unknown, not 0', () => {
  const evaluator = evaluatorFor('tally', withValues({ port: 'five' }))
  expect(failure(() => evaluator.integer('port', 'int(values.port)'))).toMatchObject({ code: 'unknown-state' })
  expect(failure(() => evaluator.integer('port', '1.5'))).toMatchObject({ code: 'unknown-state' })
})
