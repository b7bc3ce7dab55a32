// The floor outside of runs: put in for what runs, left alone where somebody else put a database there, taken out, and watched.
import { beforeEach, expect, test } from 'vitest'
import type { DataTask, TaskOf } from '../../../src/core/data/tasks.ts'
import { PawlError } from '../../../src/core/errors.ts'
import type { DatabaseFloor, SeenFloor } from '../../../src/core/floor/floor.ts'
import { runObject } from '../../../src/core/resources.ts'
import type { KubeObject } from '../../../src/ports/cluster.ts'
import { tally } from '../../../src/profiles/tally/profile.ts'
import { memoryFloors, type MemoryFloors } from '../../../src/steps/floor/floors.fixture.ts'
import { installFloor, uninstallFloor } from '../../../src/steps/floor/install.ts'
import { lookAtFloors, watchFloors, type FloorDeps } from '../../../src/steps/floor/look.ts'
import { readRecordedFloor } from '../../../src/steps/floor/record.ts'
import { NAMESPACE, world, type World } from '../preflight/world.ts'

let here: World
let floors: MemoryFloors
let deps: FloorDeps
let failing: PawlError | undefined

beforeEach(() => {
  here = world()
  floors = memoryFloors()
  failing = undefined
  const run = (task: DataTask): unknown => {
    if (failing !== undefined) throw failing
    return floors.run(task as TaskOf<'floor'>)
  }
  deps = {
    ...here.deps,
    namespace: NAMESPACE,
    release: 'prod',
    profile: tally,
    dataPlane: { ...here.deps.dataPlane, run: (async (task: DataTask) => run(task)) as never },
  }
})

const install = async (version: string, more: { accept?: boolean; dryRun?: boolean } = {}) =>
  await installFloor(deps, { version, accept: false, dryRun: false, ...more })
const recorded = async () => await readRecordedFloor(deps)

test('it is written for what runs, once, and with the administrator', async () => {
  expect(await install('2026.2.9')).toEqual({ done: ['floor 2026.2.9 in the databases ledger'], missing: [] })
  expect(floors.rows.get('ledger')).toMatchObject({ product: 'tally', release: 'ledger/prod', floor: '2026.2.9' })
  expect(floors.tasks[0]?.databases[0]?.admin).toBeDefined()
  expect(await recorded()).toMatchObject({ floor: '2026.2.9', run: 'install', recoveryEpoch: 0, roles: ['ledger'] })
  expect(await install('2026.2.9')).toEqual({ done: [], missing: [] })
  expect(floors.tasks).toHaveLength(1)
})

test('a dry run says it and writes nothing', async () => {
  expect((await install('2026.2.9', { dryRun: true })).done).toHaveLength(1)
  expect(floors.tasks).toEqual([])
  expect(await recorded()).toBeUndefined()
})

test('what a newer version was brought to by hand is taken up', async () => {
  await install('2026.2.9')
  expect((await install('2026.3.9')).missing).toEqual([])
  expect(await recorded()).toMatchObject({ floor: '2026.3.9', roles: ['ledger'] })
})

test('a database that was put there by hand is left alone until somebody accepts it', async () => {
  await install('2026.2.9')
  floors.rows.clear()
  const refused = await install('2026.3.9')
  expect(refused.done).toEqual([])
  expect(refused.missing[0]).toContain('by hand')
  expect(floors.rows.size).toBe(0)
  expect((await install('2026.3.9', { accept: true })).missing).toEqual([])
  expect(floors.rows.get('ledger')).toMatchObject({ floor: '2026.3.9' })
})

test('one that stands in another spelling of the same version is ours', async () => {
  floors.rows.set('ledger', { floor: '2026.02.9', recoveryEpoch: 0 } as DatabaseFloor)
  expect((await install('2026.2.9')).missing).toEqual([])
  expect(floors.rows.get('ledger')?.floor).toBe('2026.02.9')
  expect(await recorded()).toMatchObject({ roles: ['ledger'], missing: {} })
})

test('a database of a newer release keeps its floor, whatever is accepted, and is no database with ours', async () => {
  await install('2026.9.9')
  const { done, missing } = await install('2026.2.9', { accept: true })
  expect(done).toEqual([])
  expect(missing[0]).toContain('2026.9.9')
  expect(await recorded()).toMatchObject({ roles: [], missing: { ledger: expect.any(String) as string } })
})

test('a login that may not write it is named, and so is a database that does not answer', async () => {
  floors.closed.add('ledger')
  expect((await install('2026.2.9')).missing).toEqual(['no floor in ledger: permission denied'])
  failing = new PawlError({ code: 'database-unreachable', message: 'no answer' })
  expect((await install('2026.2.9')).missing).toEqual(['no floor in the databases: no answer'])
})

test('while a run is under way, which writes it itself, nobody else does', async () => {
  const spec = { kind: 'recovery', plan: { release: 'prod', to: { appVersion: '2026.1.12' } }, by: 'ada' }
  const events = [{ seq: 0, at: '', fence: 1, event: 'created', phase: 'REC', by: 'ada' }]
  const run = { name: 'prod-1', namespace: NAMESPACE, spec, createdAt: '', events }
  here.cluster.seed(runObject({ run: run as never, fence: 1 }) as KubeObject)
  expect((await install('2026.2.9')).missing[0]).toContain('prod-1')
  expect(floors.tasks).toEqual([])
})

test('it is taken out, and what was remembered with it', async () => {
  await install('2026.2.9')
  expect(await uninstallFloor(deps)).toEqual({ done: ['floor in the databases ledger'], missing: [] })
  expect(floors.rows.size).toBe(0)
  expect(await recorded()).toBeUndefined()
  expect(await uninstallFloor(deps)).toEqual({ done: [], missing: [] })
})

test('who only looks is given no administrator', async () => {
  expect(await lookAtFloors(deps)).toEqual([{ role: 'ledger', floor: null }])
  expect(floors.tasks[0]?.databases.map(({ admin }) => admin)).toEqual([undefined])
})

test('a watch tells what is there, then what changes, and what fails until it works again', async () => {
  const stop = new AbortController()
  const told: SeenFloor[][] = []
  const steps = [
    () => void floors.rows.set('ledger', { floor: '2026.2.9' } as never),
    () => void (failing = new PawlError({ code: 'job-failed', message: 'evicted' })),
    () => void (failing = undefined),
    () => stop.abort(),
  ]
  await watchFloors(
    { ...deps, clock: { ...deps.clock, sleep: () => Promise.resolve() } },
    (seen) => {
      told.push(seen)
      steps.shift()?.()
    },
    stop.signal,
  )
  expect(told).toEqual([
    [{ role: 'ledger', floor: null }],
    [{ role: 'ledger', floor: { floor: '2026.2.9' } }],
    [{ role: 'the databases', why: 'evicted' }],
    [{ role: 'ledger', floor: { floor: '2026.2.9' } }],
  ])
  expect(floors.tasks[1]?.watch?.known).toEqual([{ role: 'ledger', floor: null }])
})
