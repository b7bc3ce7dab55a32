import { expect, test } from 'vitest'
import type { Run, RunEvent, StepName } from '../run/run.ts'
import { estimateOf } from './estimate.ts'
import { pacesOf } from './pace.ts'
import type { Pace } from './pace.ts'
import type { PlannedDatabase } from './plan.ts'

const MB = 1_000_000

function databases(sizeBytes: number): PlannedDatabase[] {
  return [{ sizeBytes } as PlannedDatabase]
}

const SECONDS = { quiesce: 10, backup: 60, prove: 70, commit: 3, stage: 5, migrate: 40, rollout: 30, verify: 2 }

function pace(over: Partial<Pace> = {}): Pace {
  return { run: 'r1', kind: 'upgrade', endedAt: '', sizeBytes: 1_000 * MB, seconds: SECONDS, ...over }
}

test('without an earlier run the sizes decide, and that is told', () => {
  const small = estimateOf(databases(20 * MB), [])
  expect(small.downtimeSeconds).toBeGreaterThan(40)
  expect(small.downtimeSeconds).toBeLessThan(90)
  expect(estimateOf(databases(30_000 * MB), []).backupSeconds).toBeGreaterThan(1_500)
  expect(small.basedOn).toContain('no earlier run')
})

test('the same again takes what it took', () => {
  const { backupSeconds, downtimeSeconds, basedOn } = estimateOf(databases(1_000 * MB), [pace()])
  expect(backupSeconds).toBe(130)
  expect(downtimeSeconds).toBe(220)
  expect(basedOn).toContain('r1')
})

test('twice the data takes longer, and not twice as long', () => {
  const { backupSeconds } = estimateOf(databases(2_000 * MB), [pace()])
  expect(backupSeconds).toBeGreaterThan(200)
  expect(backupSeconds).toBeLessThan(260)
})

test('of the last three runs the slowest counts, older ones do not', () => {
  const slow = { ...SECONDS, migrate: 500 }
  const of = (...paces: Pace[]): number => estimateOf(databases(1_000 * MB), paces).downtimeSeconds
  expect(of(pace(), pace({ seconds: slow }), pace())).toBe(680)
  expect(of(pace({ seconds: slow }), pace(), pace(), pace())).toBe(220)
})

test('a backup alone tells how long backups take, and nothing of migrations', () => {
  const { backup, prove } = SECONDS
  const { backupSeconds, basedOn } = estimateOf(databases(1_000 * MB), [
    pace({ kind: 'backup', seconds: { backup, prove } }),
  ])
  expect(backupSeconds).toBe(130)
  expect(basedOn).toContain('migrations themselves')
})

type Told = { event: RunEvent['event']; [field: string]: unknown }

function run(events: [second: number, told: Told][], kind: 'upgrade' | 'recovery' = 'upgrade'): Run {
  const at = (second: number): string => new Date(Date.parse('2026-04-01T09:00:00Z') + second * 1000).toISOString()
  const plan = { release: 'prod', databases: databases(5 * MB) }
  return {
    name: 'prod-1',
    namespace: 'shop',
    createdAt: at(0),
    spec: { kind, plan, by: 'ada' } as unknown as Run['spec'],
    events: events.map(([second, told], seq) => ({ seq, at: at(second), fence: 1, ...told }) as RunEvent),
  }
}

function step(name: StepName, from: number, to: number): [number, Told][] {
  return [
    [from, { event: 'intent', step: name, attempt: 1 }],
    [to, { event: 'done', step: name, evidence: {} }],
  ]
}

const CREATED: [number, Told] = [0, { event: 'created', phase: 'PLANNED', by: 'ada' }]
const ENDED: [number, Told] = [50, { event: 'ended', outcome: 'done' }]

test('steps are timed by their journal', () => {
  const [found] = pacesOf([run([CREATED, ...step('quiesce', 1, 9), ...step('backup', 9, 20), ENDED])])
  expect(found).toMatchObject({
    run: 'prod-1',
    kind: 'upgrade',
    sizeBytes: 5 * MB,
    seconds: { quiesce: 8, backup: 11 },
  })
})

test('a step that had to be tried again is not timed', () => {
  const error = { code: 'job-failed', message: 'm', hint: 'h', facts: {} }
  const failed: [number, Told] = [5, { event: 'failed', step: 'backup', attempt: 1, error }]
  const events = [CREATED, step('backup', 1, 4)[0]!, failed, ...step('backup', 10, 30), ENDED]
  expect(pacesOf([run(events)])[0]?.seconds).toEqual({})
})

test.each<[string, Run]>([
  ['that is not over', run([CREATED, ...step('quiesce', 1, 9)])],
  ['that was given up', run([CREATED, ...step('quiesce', 1, 9), [50, { event: 'ended', outcome: 'aborted' }]])],
  ['that stood still', run([CREATED, ...step('quiesce', 1, 9), [20, { event: 'resumed', by: 'bob' }], ENDED])],
  ['of a recovery', run([CREATED, ...step('quiesce', 1, 9), ENDED], 'recovery')],
])('a run %s tells nothing', (_, of) => {
  expect(pacesOf([of])).toEqual([])
})
