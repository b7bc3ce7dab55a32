// Random journals, states and observations for the property tests of src/core/run.
import fc from 'fast-check'
import { PawlError, reportOf, type ErrorReport } from '../../../src/core/errors.ts'
import type { Observation } from '../../../src/core/run/decide.ts'
import type { Phase, RunEvent, RunKind, RunState, StepName } from '../../../src/core/run/run.ts'

const STEP_NAMES: StepName[] = [
  'capture',
  'quiesce',
  'backup',
  'prove',
  'commit',
  'stage',
  'migrate',
  'rollout',
  'verify',
]
STEP_NAMES.push('reopen', 'restore', 'swap', 'reinstall')
export const PHASES: Phase[] = [
  'PLANNED',
  'QUIESCED',
  'PONR',
  'DONE',
  'ABORTING',
  'ABORTED',
  'REC',
  'RESTORED',
  'RECOVERED',
]

export const kinds = fc.constantFrom<RunKind>('upgrade', 'recovery', 'backup')
const steps = fc.constantFrom(...STEP_NAMES)
const phases = fc.constantFrom(...PHASES)
const names = fc.constantFrom('ada', 'grace')
const attempts = fc.integer({ min: 1, max: 6 })
/** As it is after a round trip through the API: JSON has no -0. */
const evidences = fc
  .dictionary(fc.constantFrom('a', 'b'), fc.jsonValue({ maxDepth: 1 }))
  .map((evidence) => JSON.parse(JSON.stringify(evidence)) as Record<string, unknown>)
export const errors = fc
  .constantFrom('cluster-unreachable', 'migration-failed', 'writers-remain', 'unknown-state')
  .map((code): ErrorReport => reportOf(new PawlError({ code: code as ErrorReport['code'], message: code })))
const outcomes = fc.constantFrom('done', 'aborted', 'recovered', 'superseded')

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never
type Entry = Without<RunEvent, 'seq' | 'at' | 'fence'>

function event<E extends Entry['event']>(name: E): fc.Arbitrary<E> {
  return fc.constant(name)
}

const entries: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({ event: event('created'), phase: phases, by: names }),
  fc.record({ event: event('owned'), holder: names }),
  fc.record({ event: event('intent'), step: steps, attempt: attempts }),
  fc.record({ event: event('done'), step: steps, evidence: evidences }),
  fc.record({ event: event('done'), step: steps, evidence: evidences, phase: phases }),
  fc.record({ event: event('failed'), step: steps, attempt: attempts, error: errors }),
  fc.record({ event: event('parked'), step: steps, error: errors, next: fc.constant('pawl runs resume a -n b') }),
  fc.record({ event: event('resumed'), by: names }),
  fc.record({ event: event('abort-requested'), by: names }),
  fc.record({ event: event('stopped'), by: names, why: fc.constant('asked to') }),
  fc.record({
    event: event('ended'),
    outcome: outcomes as fc.Arbitrary<'done' | 'aborted' | 'recovered' | 'superseded'>,
  }),
)

/** Any entries in any order, as no run would write them; only numbers and fences are as the journal guarantees. */
export const journals: fc.Arbitrary<RunEvent[]> = fc
  .array(fc.tuple(entries, fc.integer({ min: 0, max: 2 })), { maxLength: 30 })
  .map((list) => {
    let fence = 0
    return list.map(([entry, more], seq) => {
      fence += more
      return { seq, at: new Date(1_750_000_000_000 + seq * 1000).toISOString(), fence, ...entry }
    })
  })

export const states: fc.Arbitrary<RunState> = fc.record({
  phase: phases,
  steps: fc.dictionary(
    steps,
    fc.record({ failures: fc.nat({ max: 6 }), forgiven: fc.nat({ max: 6 }), done: fc.boolean() }),
  ),
  fence: fc.nat({ max: 5 }),
  abortRequested: fc.boolean(),
  events: fc.nat({ max: 50 }),
})

export const observations: fc.Arbitrary<Observation> = fc.oneof(
  fc.record({ is: fc.constant('done' as const), evidence: evidences }),
  fc.record({ is: fc.constant('todo' as const) }),
  fc.record({ is: fc.constant('waiting' as const), on: fc.constant('pods'), forMs: fc.nat({ max: 5000 }) }),
  fc.record({ is: fc.constant('failed' as const), error: errors }),
  fc.record({ is: fc.constant('unknown' as const), why: fc.constant('not readable') }),
)
