// A trap is accepted by its own name, or not at all.
import { expect, test } from 'vitest'
import { acceptedGates, buildPlan, refusalOf } from '../build.ts'
import type { Plan } from '../plan.ts'
import { known } from '../facts.ts'
import { sampleFacts } from '../facts.fixture.ts'
import type { TrapWeight } from '../../profile/traps.ts'

const AT = '2026-04-01T09:00:00.000Z'

function planWith(weights: Record<string, TrapWeight>, accept: string[] = []): Plan {
  const findings = Object.entries(weights).map(([name, weight]) => ({
    name,
    weight,
    says: 'it breaks',
    remedy: 'mend it',
  }))
  const facts = sampleFacts({ cheap: { traps: known({ looked: 5, findings }) } })
  const sha256 = (text: string): string => String(text.length)
  return buildPlan(facts, acceptedGates(buildPlan(facts, [], sha256), accept, 'ann', AT), sha256)
}

test.each<[what: string, weights: Record<string, TrapWeight>, accept: string[], code: string | undefined]>([
  ['one that only warns', { a: 'warn' }, [], undefined],
  ['one that is acceptable and not accepted', { a: 'acceptable' }, [], 'gate-unaccepted'],
  ['one that is accepted', { a: 'acceptable' }, ['trap-a'], undefined],
  ['two, of which one is accepted', { a: 'acceptable', b: 'acceptable' }, ['trap-a'], 'gate-unaccepted'],
  ['one that is mandatory', { a: 'mandatory' }, [], 'gate-refused'],
  ['a mandatory one beside one that is accepted', { a: 'acceptable', b: 'mandatory' }, ['trap-a'], 'gate-refused'],
])('%s', (_, weights, accept, code) => {
  expect(refusalOf(planWith(weights, accept))?.code).toBe(code)
})

test.each([['trap-a'], ['a'], ['known-traps']])('a mandatory trap has no flag: --accept %s', (name) => {
  expect(() => planWith({ a: 'mandatory' }, [name])).toThrow(expect.objectContaining({ code: 'usage' }))
})
