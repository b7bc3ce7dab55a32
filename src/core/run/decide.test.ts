import fc from 'fast-check'
import { expect, test } from 'vitest'
import { errors, journals, kinds, observations, states } from '../../../test/unit/model/arbitrary.ts'
import { PawlError, reportOf } from '../errors.ts'
import { afterFailure, decide, nextRow, type Decision, type Observation } from './decide.ts'
import { apply, EMPTY_STATE, fold } from './fold.ts'
import { firstPhaseOf, protocolOf } from './protocol.ts'
import type { RunEvent, RunState, StepName } from './run.ts'

const UPGRADE = protocolOf('upgrade')
const ERROR = reportOf(new PawlError({ code: 'cluster-unreachable', message: 'no answer' }))
const AT = '2026-01-01T00:00:00Z'
const DONE = { failures: 0, forgiven: 0, done: true }

/** All steps before one are done; the phase is that step's. */
function at(step: StepName, part: Partial<RunState> = {}): RunState {
  const place = UPGRADE.findIndex((row) => row.step === step)
  const steps = Object.fromEntries(UPGRADE.slice(0, place).map((row) => [row.step, DONE]))
  return { ...EMPTY_STATE, phase: UPGRADE[place]?.phase ?? 'DONE', steps, ...part }
}

function tried(step: StepName, failures: number, forgiven: number): RunState {
  const state = at(step)
  return { ...state, steps: { ...state.steps, [step]: { failures, forgiven, done: false, lastError: ERROR } } }
}

const todo: Observation = { is: 'todo' }

const TABLE: { says: string; state: RunState; seen: Observation | undefined; expected: Decision | object }[] = [
  {
    says: 'what is not there is made',
    state: at('backup'),
    seen: todo,
    expected: { do: 'act', step: 'backup', attempt: 1 },
  },
  {
    says: 'a try after a failure has the next number',
    state: tried('backup', 1, 0),
    seen: todo,
    expected: { do: 'act', step: 'backup', attempt: 2 },
  },
  {
    says: 'no tries are left',
    state: tried('backup', 2, 0),
    seen: todo,
    expected: { do: 'park', step: 'backup', error: ERROR },
  },
  {
    says: 'tries that were forgiven do not count, and keep their numbers',
    state: tried('backup', 2, 2),
    seen: todo,
    expected: { do: 'act', step: 'backup', attempt: 3 },
  },
  {
    says: 'what is there is recorded',
    state: at('prove'),
    seen: { is: 'done', evidence: { a: 1 } },
    expected: { do: 'record', step: 'prove', evidence: { a: 1 } },
  },
  {
    says: 'the last step of a phase opens the next',
    state: at('commit'),
    seen: { is: 'done', evidence: {} },
    expected: { do: 'record', step: 'commit', evidence: {}, phase: 'PONR' },
  },
  {
    says: 'what is under way is waited for',
    state: at('rollout'),
    seen: { is: 'waiting', on: 'pods', forMs: 5 },
    expected: { do: 'wait', step: 'rollout', on: 'pods', forMs: 5 },
  },
  {
    says: 'what failed parks',
    state: at('migrate'),
    seen: { is: 'failed', error: ERROR },
    expected: { do: 'park', step: 'migrate', error: ERROR },
  },
  {
    says: 'what is unknown parks',
    state: at('stage'),
    seen: { is: 'unknown', why: 'odd' },
    expected: { do: 'park', step: 'stage', error: { code: 'unknown-state' } },
  },
  {
    says: 'what was not looked at parks',
    state: at('stage'),
    seen: undefined,
    expected: { do: 'park', step: 'stage', error: { code: 'unknown-state' } },
  },
  {
    says: 'a run that is given up opens again',
    state: { ...at('prove'), phase: 'ABORTING' },
    seen: todo,
    expected: { do: 'act', step: 'reopen', attempt: 1 },
  },
  {
    says: 'an upgrade ends',
    state: { ...EMPTY_STATE, phase: 'DONE' },
    seen: undefined,
    expected: { do: 'end', outcome: 'done' },
  },
  {
    says: 'a run that was given up ends',
    state: { ...EMPTY_STATE, phase: 'ABORTED' },
    seen: undefined,
    expected: { do: 'end', outcome: 'aborted' },
  },
  {
    says: 'a recovery ends',
    state: { ...EMPTY_STATE, phase: 'RECOVERED' },
    seen: undefined,
    expected: { do: 'end', outcome: 'recovered' },
  },
  {
    says: 'a phase without rows that is no end parks',
    state: { ...EMPTY_STATE, phase: 'REC' },
    seen: undefined,
    expected: { do: 'park', error: { code: 'unknown-state' } },
  },
  {
    says: 'a run that has ended is left alone',
    state: at('stage', { ended: { outcome: 'superseded', at: AT } }),
    seen: todo,
    expected: { do: 'nothing', because: 'ended' },
  },
  {
    says: 'a parked run is left alone',
    state: at('stage', { parked: { step: 'stage', error: ERROR, next: '', at: AT } }),
    seen: todo,
    expected: { do: 'nothing', because: 'parked' },
  },
]

test.each(TABLE)('$says', ({ state, seen, expected }) => {
  expect(decide(UPGRADE, state, seen)).toMatchObject(expected)
})

const FAILURES: {
  says: string
  state: RunState
  step: StepName
  attempt: number
  retryable: boolean
  expected: Decision['do']
}[] = [
  {
    says: 'tries are left',
    state: at('backup'),
    step: 'backup',
    attempt: 1,
    retryable: true,
    expected: 'record-failure',
  },
  {
    says: 'it was the last try',
    state: tried('backup', 1, 0),
    step: 'backup',
    attempt: 2,
    retryable: true,
    expected: 'park',
  },
  {
    says: 'trying again cannot help',
    state: at('backup'),
    step: 'backup',
    attempt: 1,
    retryable: false,
    expected: 'park',
  },
  {
    says: 'earlier tries were forgiven',
    state: tried('backup', 2, 2),
    step: 'backup',
    attempt: 3,
    retryable: true,
    expected: 'record-failure',
  },
  {
    says: 'the step is of another phase',
    state: at('stage'),
    step: 'backup',
    attempt: 1,
    retryable: true,
    expected: 'park',
  },
]

test.each(FAILURES)('after a failure, $says: $expected', ({ state, step, attempt, retryable, expected }) => {
  expect(afterFailure(UPGRADE, state, step, attempt, ERROR, retryable)).toMatchObject({
    do: expected,
    step,
    error: ERROR,
  })
})

test('any state and any observation give a decision, and it is never about another phase', () => {
  fc.assert(
    fc.property(kinds, states, fc.option(observations, { nil: undefined }), (kind, state, seen) => {
      const protocol = protocolOf(kind)
      const decision = decide(protocol, state, seen)
      if (decision.do !== 'act' && decision.do !== 'record' && decision.do !== 'wait') return
      const row = protocol.find((one) => one.step === decision.step)
      expect(row?.phase).toBe(state.phase)
      const earlier = protocol
        .slice(0, row === undefined ? 0 : protocol.indexOf(row))
        .filter((one) => one.phase === state.phase)
      for (const one of earlier) expect(state.steps[one.step]?.done).toBe(true)
      expect(state.steps[decision.step]?.done ?? false).toBe(false)
      if (decision.do !== 'act' || row === undefined) return
      const { failures, forgiven } = state.steps[decision.step] ?? { failures: 0, forgiven: 0 }
      expect([decision.attempt, failures - forgiven < row.maxAttempts]).toEqual([failures + 1, true])
    }),
    { numRuns: 500 },
  )
})

test('who dies after any entry and reads the journal again decides the same', () => {
  fc.assert(
    fc.property(kinds, journals, observations, (kind, events, seen) => {
      const protocol = protocolOf(kind)
      let state = EMPTY_STATE
      events.forEach((entry, at) => {
        state = apply(state, entry)
        const again = fold(JSON.parse(JSON.stringify(events.slice(0, at + 1))) as RunEvent[])
        expect(decide(protocol, again, seen)).toEqual(decide(protocol, state, seen))
        expect(nextRow(protocol, again)).toEqual(nextRow(protocol, state))
      })
    }),
  )
})

/** What the world answers, and whether the act that may follow throws. */
const answers = fc.record({ seen: observations, throws: fc.boolean(), retryable: fc.boolean(), error: errors })

test('whatever the world answers, a run that nobody resumes tries each step no more often than its row says, then ends or parks', () => {
  fc.assert(
    fc.property(kinds, fc.array(answers, { minLength: 1, maxLength: 20 }), (kind, script) => {
      const protocol = protocolOf(kind)
      const first: RunEvent = { seq: 0, at: AT, fence: 1, event: 'created', phase: firstPhaseOf(kind), by: 'ada' }
      let state = fold([first])
      const failed = new Map<StepName, number>()
      const most = protocol.reduce((sum, row) => sum + row.maxAttempts + 1, 2)
      let rounds = 0
      for (; rounds <= most; rounds++) {
        const answer = script[rounds % script.length] as (typeof script)[number]
        // Waiting and an act that works only take time.
        const seen: Observation = answer.seen.is === 'waiting' ? { is: 'done', evidence: {} } : answer.seen
        let decision = decide(protocol, state, seen)
        if (decision.do === 'act') {
          const { step, attempt } = decision
          failed.set(step, (failed.get(step) ?? 0) + 1)
          decision = answer.throws
            ? afterFailure(protocol, state, step, attempt, answer.error, answer.retryable)
            : decide(protocol, state, { is: 'done', evidence: {} })
        }
        if (decision.do === 'nothing' || decision.do === 'end' || decision.do === 'park') break
        state = apply(state, eventOf(decision, state))
      }
      expect(rounds).toBeLessThanOrEqual(most)
      for (const row of protocol) expect(failed.get(row.step) ?? 0, row.step).toBeLessThanOrEqual(row.maxAttempts)
    }),
    { numRuns: 300 },
  )
})

function eventOf(decision: Decision, { events, fence }: RunState): RunEvent {
  const frame = { seq: events, at: AT, fence }
  if (decision.do === 'record-failure') {
    return { ...frame, event: 'failed', step: decision.step, attempt: decision.attempt, error: decision.error }
  }
  if (decision.do !== 'record') throw new Error(`${decision.do} is not written here`)
  const { step, evidence, phase } = decision
  return { ...frame, event: 'done', step, evidence, ...(phase === undefined ? {} : { phase }) }
}
