import fc from 'fast-check'
import { expect, test } from 'vitest'
import { journals } from '../../../test/unit/model/arbitrary.ts'
import { reportOf } from '../errors.ts'
import { apply, EMPTY_STATE, fold } from './fold.ts'
import type { RunEvent, RunState } from './run.ts'

const ERROR = reportOf(new Error('broken'))
type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never
type Entry = Without<RunEvent, 'seq' | 'at' | 'fence'>

function journal(...entries: Entry[]): RunEvent[] {
  return entries.map((entry, seq) => ({ seq, at: `2026-01-01T00:00:0${seq}Z`, fence: 1, ...entry }))
}

function parked(step: 'prove' | 'migrate'): Entry {
  return { event: 'parked', step, error: ERROR, next: 'pawl runs abort a -n b' }
}

const CREATED: Entry = { event: 'created', phase: 'PLANNED', by: 'ada' }

const TABLE: { says: string; entries: Entry[]; expected: Partial<RunState> }[] = [
  {
    says: 'a new run is in its first phase',
    entries: [{ event: 'created', phase: 'REC', by: 'ada' }],
    expected: { phase: 'REC', events: 1 },
  },
  {
    says: 'an owner has a name',
    entries: [CREATED, { event: 'owned', holder: 'p1' }],
    expected: { holder: 'p1', fence: 1 },
  },
  {
    says: 'the first intent is when a step began',
    entries: [
      CREATED,
      { event: 'intent', step: 'capture', attempt: 1 },
      { event: 'intent', step: 'capture', attempt: 1 },
    ],
    expected: { steps: { capture: { failures: 0, forgiven: 0, done: false, startedAt: '2026-01-01T00:00:01Z' } } },
  },
  {
    says: 'a step that is done keeps its evidence and the phase it was done in',
    entries: [CREATED, { event: 'done', step: 'capture', evidence: { a: 1 } }],
    expected: {
      phase: 'PLANNED',
      steps: { capture: { failures: 0, forgiven: 0, done: true, evidence: { a: 1 }, endedAt: '2026-01-01T00:00:01Z' } },
    },
  },
  {
    says: 'a step may open a phase',
    entries: [CREATED, { event: 'done', step: 'quiesce', evidence: {}, phase: 'QUIESCED' }],
    expected: { phase: 'QUIESCED' },
  },
  {
    says: 'a failed attempt counts',
    entries: [CREATED, { event: 'failed', step: 'capture', attempt: 2, error: ERROR }],
    expected: { steps: { capture: { failures: 2, forgiven: 0, done: false, lastError: ERROR } } },
  },
  {
    says: 'what parks a run is one more failure of its step',
    entries: [CREATED, parked('prove')],
    expected: {
      parked: { step: 'prove', error: ERROR, next: 'pawl runs abort a -n b', at: '2026-01-01T00:00:01Z' },
      steps: { prove: { failures: 1, forgiven: 0, done: false, lastError: ERROR } },
    },
  },
  {
    says: 'who resumes forgives the step that parked the run, and no other',
    entries: [
      CREATED,
      { event: 'failed', step: 'backup', attempt: 1, error: ERROR },
      parked('prove'),
      { event: 'resumed', by: 'ada' },
    ],
    expected: {
      steps: {
        backup: { failures: 1, forgiven: 0, done: false, lastError: ERROR },
        prove: { failures: 1, forgiven: 1, done: false, lastError: ERROR },
      },
    },
  },
  {
    says: 'a run is given up',
    entries: [CREATED, { event: 'abort-requested', by: 'ada' }],
    expected: { phase: 'ABORTING', abortRequested: true },
  },
  {
    says: 'a run is stopped',
    entries: [CREATED, { event: 'stopped', by: 'ada', why: 'asked' }],
    expected: { stoppedAt: '2026-01-01T00:00:01Z' },
  },
  {
    says: 'a run ends',
    entries: [CREATED, { event: 'ended', outcome: 'superseded' }],
    expected: { ended: { outcome: 'superseded', at: '2026-01-01T00:00:01Z' } },
  },
]

test.each(TABLE)('$says', ({ entries, expected }) => {
  expect(fold(journal(...entries))).toMatchObject(expected)
})

const UNPARKS: Entry[] = [
  { event: 'resumed', by: 'ada' },
  { event: 'abort-requested', by: 'ada' },
  { event: 'ended', outcome: 'superseded' },
]

test.each(UNPARKS)('$event ends being parked', (entry) => {
  expect(fold(journal(CREATED, parked('prove'))).parked?.step).toBe('prove')
  expect(fold(journal(CREATED, parked('prove'), entry))).not.toHaveProperty('parked')
})

test('a new owner ends being stopped', () => {
  const stopped: Entry = { event: 'stopped', by: 'ada', why: 'asked' }
  expect(fold(journal(CREATED, stopped, { event: 'owned', holder: 'p2' }))).not.toHaveProperty('stoppedAt')
})

test('to resume a run that is not parked changes nothing but the count', () => {
  const before = fold(journal(CREATED))
  const after = fold(journal(CREATED, { event: 'resumed', by: 'ada' }))
  expect(after).toEqual({ ...before, events: 2 })
})

test('a fence never goes down, whatever a late entry says', () => {
  const [first, second] = journal(CREATED, { event: 'owned', holder: 'p1' })
  expect(fold([{ ...(first as RunEvent), fence: 7 }, second as RunEvent]).fence).toBe(7)
})

test('any journal folds; fence and count only grow, and what has ended stays ended', () => {
  fc.assert(
    fc.property(journals, (events) => {
      let before = EMPTY_STATE
      for (const entry of events) {
        const state = apply(before, entry)
        expect(state.fence).toBeGreaterThanOrEqual(before.fence)
        expect(state.events).toBe(entry.seq + 1)
        if (before.ended !== undefined) expect(state.ended).not.toBeUndefined()
        for (const step of Object.values(state.steps)) expect(step.failures).toBeGreaterThanOrEqual(step.forgiven)
        before = state
      }
    }),
  )
})

test('folding again from the stored text gives the same state, and changes nothing that it was given', () => {
  fc.assert(
    fc.property(journals, (events) => {
      const stored = JSON.stringify(events)
      const state = fold(events)
      expect(JSON.stringify(events)).toBe(stored)
      expect(fold(JSON.parse(stored) as RunEvent[])).toEqual(state)
      expect(EMPTY_STATE).toEqual({ phase: 'PLANNED', steps: {}, fence: 0, abortRequested: false, events: 0 })
    }),
  )
})
