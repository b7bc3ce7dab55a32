import { expect, test } from 'vitest'
import { PawlError, reportOf } from '../core/errors.ts'
import type { Observation } from '../core/run/decide.ts'
import { protocolOf } from '../core/run/protocol.ts'
import type { RunSpec, RunState, StepName } from '../core/run/run.ts'
import type { Clock } from '../ports/world.ts'
import type { Step, StepContext } from '../steps/step.ts'
import { FakeCluster } from '../testing/cluster/fake-cluster.ts'
import { createRun, openJournal, readRun } from './journal.ts'
import { runLoop } from './loop.ts'

const clock: Clock = { now: () => new Date('2026-11-23T23:00:00Z'), sleep: () => Promise.resolve() }
const spec = { kind: 'upgrade', plan: { release: 'tally', namespace: 'shop' }, by: 'ann' } as unknown as RunSpec
const ORDER = protocolOf('upgrade')
  .filter((row) => row.phase !== 'ABORTING')
  .map((row) => row.step)

class Killed extends Error {}

/** A world in which an effect is a name in a list; making it twice is seen. */
interface World {
  cluster: FakeCluster
  effects: StepName[]
  broken: Partial<Record<StepName, Observation>>
  throwing: Partial<Record<StepName, Error>>
  /** Before each look: may fail it. */
  looking: Partial<Record<StepName, () => Promise<never> | undefined>>
  /** At each checkpoint. */
  at?: (name: string) => unknown
}

async function newWorld(): Promise<World> {
  const cluster = new FakeCluster({ namespace: 'shop' })
  await createRun(cluster, 'r', 'shop', spec)
  const journal = await openJournal(cluster, clock, 'shop', 'r', 1)
  await journal.append({ event: 'created', phase: 'PLANNED', by: 'ann' })
  return { cluster, effects: [], broken: {}, throwing: {}, looking: {} }
}

function stepOf(world: World, name: StepName): Step {
  return {
    name,
    observe: () =>
      world.looking[name]?.() ??
      Promise.resolve(
        world.broken[name] ?? (world.effects.includes(name) ? { is: 'done', evidence: {} } : { is: 'todo' }),
      ),
    act: () => {
      const error = world.throwing[name]
      if (error !== undefined) return Promise.reject(error)
      world.effects.push(name)
      return Promise.resolve()
    },
  }
}

async function drive(
  world: World,
  fence: number,
  killAt?: string,
  signals: { stop?: AbortSignal; lost?: AbortSignal } = {},
): Promise<RunState> {
  const journal = await openJournal(world.cluster, clock, 'shop', 'r', fence)
  const stop = signals.stop ?? new AbortController().signal
  const steps = Object.fromEntries(
    [...ORDER, 'reopen'].map((name) => [name, stepOf(world, name as StepName)]),
  ) as Record<StepName, Step>
  return await runLoop({
    journal,
    steps,
    context: () => ({ clock, signal: stop }) as unknown as StepContext,
    checkpoint: (name) => {
      world.at?.(name)
      return name === killAt ? Promise.reject(new Killed(name)) : Promise.resolve()
    },
    stop,
    lost: signals.lost ?? new AbortController().signal,
    by: 'ann',
  })
}

test('a run goes through its protocol in order and ends', async () => {
  const world = await newWorld()
  const state = await drive(world, 1)
  expect(world.effects).toEqual(ORDER)
  expect(state.ended?.outcome).toBe('done')
  const { run } = await readRun(world.cluster, 'shop', 'r')
  for (const step of ORDER) {
    const at = (event: string): number =>
      run.events.findIndex((entry) => entry.event === event && 'step' in entry && entry.step === step)
    expect(at('intent')).toBeGreaterThan(0)
    expect(at('intent')).toBeLessThan(at('done'))
  }
})

test('killed at every checkpoint and gone on with by another process, it comes to the same end with no effect doubled', async () => {
  const points = ORDER.flatMap((step) =>
    ['before-intent', 'after-intent', 'after-act', 'before-done', 'after-done'].map((when) => `${step}:${when}`),
  )
  expect(points).toHaveLength(45)
  for (const point of points) {
    const world = await newWorld()
    await expect(drive(world, 1, point)).rejects.toThrow(point)
    const state = await drive(world, 2)
    expect({ point, outcome: state.ended?.outcome, effects: world.effects }).toEqual({
      point,
      outcome: 'done',
      effects: ORDER,
    })
  }
})

test('an effect that was made without its answer is found, not made again', async () => {
  const world = await newWorld()
  world.effects.push('capture', 'quiesce')
  await drive(world, 1)
  expect(world.effects.filter((effect) => effect === 'quiesce')).toHaveLength(1)
})

test('a failed observation parks with the next command, and nothing after it happens', async () => {
  const world = await newWorld()
  world.broken.migrate = {
    is: 'failed',
    error: reportOf(new PawlError({ code: 'migration-failed', message: 'third of four' })),
  }
  const state = await drive(world, 1)
  expect(state.parked).toMatchObject({
    step: 'migrate',
    next: 'pawl recover tally -n shop',
    error: { code: 'migration-failed' },
  })
  expect(world.effects).toEqual(ORDER.slice(0, ORDER.indexOf('migrate')))
})

test.each([
  ['that passes is looked past', 'job-failed', 2, undefined],
  ['that stays parks', 'job-failed', 9, 'job-failed'],
  ['that no second look mends parks', 'key-wrong', 1, 'key-wrong'],
] as const)('a trouble in looking %s', async (_, code, times, parked) => {
  const world = await newWorld()
  let left = times
  const trouble = (): Promise<never> => Promise.reject(new PawlError({ code, message: 'evicted' }))
  world.looking.commit = () => ((left -= 1) >= 0 ? trouble() : undefined)
  const state = await drive(world, 1)
  expect(state.parked?.error.code).toBe(parked)
  expect(state.ended?.outcome).toBe(parked === undefined ? 'done' : undefined)
  expect(times - left).toBe({ 2: 4, 9: 3, 1: 1 }[times])
})

test('asked to stop with nothing left to do, it ends', async () => {
  const world = await newWorld()
  const stop = new AbortController()
  world.at = (name) =>
    name === 'verify:after-done' && stop.abort(new PawlError({ code: 'run-stopped', message: 'stop' }))
  expect((await drive(world, 1, undefined, { stop: stop.signal })).ended?.outcome).toBe('done')
})

test('unknown stops', async () => {
  const world = await newWorld()
  world.broken.commit = { is: 'unknown', why: 'the database did not answer' }
  const state = await drive(world, 1)
  expect(state.parked?.error).toMatchObject({ code: 'unknown-state' })
  expect(state.parked?.next).toBe('pawl runs abort tally -n shop')
})

test('an act that fails for good parks at once; one that may succeed is tried again, then parks', async () => {
  const fatal = await newWorld()
  fatal.throwing.backup = new PawlError({ code: 'key-wrong', message: 'no' })
  expect((await drive(fatal, 1)).steps.backup?.failures).toBe(1)
  const passing = await newWorld()
  passing.throwing.backup = new PawlError({ code: 'store-full', message: 'no room' })
  const state = await drive(passing, 1)
  expect(state.parked?.error.code).toBe('store-full')
  const { run } = await readRun(passing.cluster, 'shop', 'r')
  expect(
    run.events
      .filter((entry) => entry.event === 'intent' && entry.step === 'backup')
      .map((entry) => 'attempt' in entry && entry.attempt),
  ).toEqual([1, 2])
})

test('an act without effect is not made for ever', async () => {
  const world = await newWorld()
  world.broken.stage = { is: 'todo' }
  const state = await drive(world, 1)
  expect(state.parked).toMatchObject({ step: 'stage', error: { code: 'unknown-state' } })
  expect(world.effects.filter((effect) => effect === 'stage').length).toBeLessThanOrEqual(2)
})

test('asked to stop, it ends before the next effect and says so in the journal', async () => {
  const world = await newWorld()
  const stop = new AbortController()
  const act = world.effects.push.bind(world.effects)
  world.effects.push = (...names) => {
    if (names.includes('backup')) stop.abort(new PawlError({ code: 'run-stopped', message: 'stop' }))
    return act(...names)
  }
  const state = await drive(world, 1, undefined, { stop: stop.signal })
  expect(state.stoppedAt).toBe('2026-11-23T23:00:00.000Z')
  expect([...world.effects]).toEqual(['capture', 'quiesce', 'backup'])
  expect((await drive(world, 2)).ended?.outcome).toBe('done')
})

test('who lost the lease does nothing more', async () => {
  const world = await newWorld()
  const lost = AbortSignal.abort(new PawlError({ code: 'fence-lost', message: 'taken over' }))
  await expect(drive(world, 1, undefined, { lost })).rejects.toMatchObject({ code: 'fence-lost' })
  expect(world.effects).toEqual([])
})
