import { expect, test } from 'vitest'
import type { ErrorCode } from '../../errors.ts'
import { known, unknown } from '../facts.ts'
import type { PlanFacts } from '../facts.ts'
import { CHEAP, observation, sampleFacts } from '../facts.fixture.ts'
import { answersFor, GATES } from './index.ts'
import { GATE_ROWS, lost } from './rows.fixture.ts'

/** What one gate says: `pass`, `warn`, or the stop with its code. */
function verdict(gate: string, facts: PlanFacts): string {
  const found = answersFor(facts).find((answer) => answer.gate === gate)
  if (found === undefined) return 'not asked'
  if (found.answer === 'pass' || found.answer === 'warn') return found.answer
  return `${found.answer} ${found.code}${found.mandatory ? '' : ' (acceptable)'}`
}

test('an installation with nothing wrong passes every gate', () => {
  expect(answersFor(sampleFacts()).filter(({ answer }) => answer !== 'pass')).toEqual([])
  expect(answersFor(sampleFacts()).map(({ gate }) => gate)).toEqual(GATES.map(({ name }) => name))
})

test.each(GATE_ROWS)('%s, %s', (gate, _, spoiled, expected) => {
  expect(verdict(gate, sampleFacts(spoiled))).toBe(expected)
})

test('a schema that cannot be told is unknown', () => {
  const { migrations: _, ...rest } = observation('ledger')
  expect(verdict('schema-clean', sampleFacts({ observed: { observations: known([rest]) } }))).toBe(
    'unknown unknown-state',
  )
})

test('a product without packages or running version is not asked for them', () => {
  const { package: _p, runningVersion: _r, ...rest } = CHEAP
  const facts = { ...sampleFacts(), cheap: rest }
  expect(verdict('package-new-enough', facts)).toBe('pass')
  expect(verdict('installed-known', facts)).toBe('pass')
})

test('a chart that refuses the values is a refusal, a renderer that fails is unknown', () => {
  const failed = (code?: ErrorCode): PlanFacts => ({
    ...sampleFacts(),
    rendered: unknown('values.yaml: port must be a number', code),
  })
  expect(verdict('target-renders', failed('input-invalid'))).toBe('refuse input-invalid')
  expect(verdict('target-renders', failed())).toBe('unknown unknown-state')
  expect(verdict('storage-unchanged', failed())).toBe('unknown unknown-state')
  expect(verdict('migrator-found', failed())).toBe('unknown unknown-state')
})

test('gates whose facts were not gathered are not asked', () => {
  const { rendered: _r, observed: _o, ...cheapOnly } = sampleFacts()
  expect(verdict('target-renders', cheapOnly)).toBe('not asked')
  expect(verdict('schema-clean', { ...cheapOnly, rendered: sampleFacts().rendered! })).toBe('not asked')
})

test('a target that is not known is said once, not by every gate that needs it', () => {
  const {
    rendered: _r,
    observed: _o,
    ...facts
  } = sampleFacts({
    cheap: {
      target: unknown('latest', 'version-unparsable'),
      databasesAfter: lost,
      changedImmutables: lost,
      traps: lost,
      package: lost,
    },
  })
  const stopping = answersFor(facts).filter(({ answer }) => answer !== 'pass')
  expect(stopping.map(({ gate, code }) => [gate, code])).toEqual([['target-known', 'version-unparsable']])
})

test('every gate names itself, and says what to do where it does not pass', () => {
  for (const [gate, , spoiled] of GATE_ROWS) {
    const answer = answersFor(sampleFacts(spoiled)).find((found) => found.gate === gate)
    expect(answer?.answer === 'pass' || (answer?.remedy ?? '').length > 10).toBe(true)
  }
})

test('a package that is too old is told with one that would do', () => {
  const facts = sampleFacts({ cheap: { package: known({ version: '2025.9.9', floor: '2025.11.3' }) } })
  const refused = answersFor(facts).find(({ gate }) => gate === 'package-new-enough')
  expect(refused?.remedy).toContain('2025.11.3 or newer')
})
