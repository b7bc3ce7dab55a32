// The floor through installing, an upgrade, a recovery and by-hand restores, against databases that are held in memory.
import { beforeEach, expect, test } from 'vitest'
import type { DatabaseTarget, TaskOf } from '../../core/data/tasks.ts'
import { isPawlError } from '../../core/errors.ts'
import type { DatabaseFloor } from '../../core/floor/floor.ts'
import { guardObject, newGuard } from '../../core/guard/guard.ts'
import { installationObject } from '../../core/resources.ts'
import type { KubeObject } from '../../ports/cluster.ts'
import { FakeCluster } from '../../testing/cluster/fake-cluster.ts'
import type { StepContext } from '../step.ts'
import { memoryFloors, type MemoryFloors } from './floors.fixture.ts'
import { readRecordedFloor } from './record.ts'
import { floorGone, raiseFloor, setRecoveredFloor } from './write.ts'

const place = { namespace: 'toys', release: 'toy' }
const TARGETS = ['ledger', 'ai'].map((role) => ({ role }) as DatabaseTarget)
let cluster: FakeCluster
let floors: MemoryFloors

beforeEach(() => {
  cluster = new FakeCluster({ namespace: 'toys' })
  floors = memoryFloors()
  const installation = { name: 'toy', ...place, profile: 'toy', store: { type: 'volume' as const, claim: 'c' } }
  const rest = { dataImage: 'i', recipients: [], identity: { secret: 's', key: 'k' } }
  cluster.seed(installationObject({ ...installation, ...rest }) as KubeObject)
  const guard = newGuard(place, { enforcement: 'Enforce', floors: [], revision: 1 })
  cluster.seed(guardObject({ ...guard, recoveryEpoch: 2 }) as KubeObject)
})

function contextOf(kind: 'upgrade' | 'recovery', run: string, to: string): StepContext {
  return {
    ...place,
    cluster,
    run,
    fence: 1,
    memo: new Map(),
    signal: new AbortController().signal,
    spec: { kind, plan: { to: { appVersion: to }, databases: TARGETS.map((target) => ({ target, serverMajor: 15 })) } },
    profile: { name: 'toy', versionScheme: 'calver' },
    clock: { now: () => new Date('2026-11-25T12:00:00Z') },
    dataPlane: {
      run: (task: TaskOf<'floor'>) => Promise.resolve(floors.run(task)),
      discard: () => Promise.resolve(),
    },
    report: () => undefined,
    stillOwner: () => Promise.resolve(),
  } as unknown as StepContext
}

const recorded = async () => await readRecordedFloor({ cluster, ...place })

test('an upgrade raises it once, and remembers where it stands', async () => {
  const upgrade = contextOf('upgrade', 'toy-1', '2026.2.1')
  await raiseFloor(upgrade)
  await raiseFloor(upgrade)
  expect(floors.tasks).toHaveLength(1)
  expect(floors.rows.get('ai')).toMatchObject({ product: 'toy', release: 'toys/toy', floor: '2026.2.1', run: 'toy-1' })
  expect(await recorded()).toMatchObject({ floor: '2026.2.1', run: 'toy-1', roles: ['ledger', 'ai'], missing: {} })
})

test('a kill between writing and remembering: the same again, by whoever goes on', async () => {
  await raiseFloor(contextOf('upgrade', 'toy-1', '2026.2.1'))
  cluster.seed({ ...(await installationNow()), status: {} })
  await raiseFloor(contextOf('upgrade', 'toy-1', '2026.2.1'))
  expect(await recorded()).toMatchObject({ run: 'toy-1', roles: ['ledger', 'ai'] })
})

test('a recovery sets it to what was recovered, and counts itself', async () => {
  await raiseFloor(contextOf('upgrade', 'toy-1', '2026.2.1'))
  floors.rows.clear()
  const recovery = contextOf('recovery', 'toy-2', '2026.1.1')
  await setRecoveredFloor(recovery)
  await setRecoveredFloor(recovery)
  expect(floors.rows.get('ledger')).toMatchObject({ floor: '2026.1.1', run: 'toy-2', recoveryEpoch: 3 })
  expect(await recorded()).toMatchObject({ floor: '2026.1.1', recoveryEpoch: 3 })
})

test('a login that may not write it is remembered with the reason, and the run goes on', async () => {
  floors.closed.add('ai')
  await raiseFloor(contextOf('upgrade', 'toy-1', '2026.2.1'))
  expect(await recorded()).toMatchObject({ roles: ['ledger'], missing: { ai: 'permission denied' } })
})

test('a database of a newer release stops the run before a migration', async () => {
  floors.rows.set('ai', { floor: '2026.9.1', recoveryEpoch: 0 } as DatabaseFloor)
  const raising = raiseFloor(contextOf('upgrade', 'toy-1', '2026.2.1'))
  await expect(raising).rejects.toSatisfy((error) => isPawlError(error, 'floor-newer'))
  expect(await recorded()).toBeUndefined()
})

test('what the databases say later is held against what the run wrote', async () => {
  const upgrade = contextOf('upgrade', 'toy-1', '2026.2.1')
  const observed = () => TARGETS.map(({ role }) => ({ role, floor: floors.rows.get(role) ?? null }) as never)
  expect(await floorGone(upgrade, observed())).toBeUndefined()
  await raiseFloor(upgrade)
  expect(await floorGone(upgrade, observed())).toBeUndefined()
  floors.rows.delete('ai')
  expect(await floorGone(upgrade, observed())).toContain('ai')
})

test('a floor that stands in another spelling of the same version is there', async () => {
  floors.rows.set('ai', { floor: '2026.02.1', recoveryEpoch: 0 } as DatabaseFloor)
  const upgrade = contextOf('upgrade', 'toy-1', '2026.2.1')
  await raiseFloor(upgrade)
  const observed = TARGETS.map(({ role }) => ({ role, floor: floors.rows.get(role) ?? null }) as never)
  expect(floors.rows.get('ai')?.floor).toBe('2026.02.1')
  expect(await floorGone(upgrade, observed)).toBeUndefined()
})

test('a release without a guard has it as well, from its first run on', async () => {
  await cluster.remove({ apiVersion: 'pawl.dev/v1alpha1', kind: 'ReleaseGuard', namespace: 'toys', name: 'toy' })
  await setRecoveredFloor(contextOf('recovery', 'toy-2', '2026.1.1'))
  expect(floors.rows.get('ledger')).toMatchObject({ floor: '2026.1.1', recoveryEpoch: 1 })
})

async function installationNow(): Promise<KubeObject> {
  const ref = { apiVersion: 'pawl.dev/v1alpha1', kind: 'Installation', namespace: 'toys', name: 'toy' }
  const found = await cluster.get(ref)
  if (found === undefined) throw new Error('the installation is gone')
  return found
}
