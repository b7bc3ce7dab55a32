// Pruning from the cluster to the store and back, stopped everywhere.
import { beforeEach, expect, test } from 'vitest'
import { localDataPlane } from '../../../src/adapters/dataplane-local/local.ts'
import { backupSetObject, type BackupSet, type Installation } from '../../../src/core/resources.ts'
import type { DataDeps } from '../../../src/data/deps.ts'
import { storeSet } from '../../../src/data/housekeeping/set.fixture.ts'
import { runDataTask } from '../../../src/data/run.ts'
import type { KubeObject } from '../../../src/ports/cluster.ts'
import { carryOutPrune, gatherPrune, type HousekeepingDeps } from '../../../src/steps/housekeeping/prune.ts'
import { FakeCluster } from '../../../src/testing/cluster/fake-cluster.ts'
import { memoryStore, type MemoryStore } from '../../../src/testing/memory-store.ts'

const NAMESPACE = 'shop'
const STORE = { type: 'directory', path: '/x' } as const
const POLICY = { keep: 1, keepDays: 0, leftoversAfterHours: 72 }
const OLD = new Date('2026-11-01T00:00:00.000Z')
const LABELS = { 'pawl.dev/release': 'tally' }

let cluster: FakeCluster
let store: MemoryStore
let stopAfter: number

class Stopped extends Error {}

/** Every effect counts; the one after the last allowed does not happen, and the process is gone. */
function effect(): void {
  if ((stopAfter -= 1) < 0) throw new Stopped()
}

class StoppingCluster extends FakeCluster {
  override async remove(...given: Parameters<FakeCluster['remove']>): Promise<boolean> {
    effect()
    return await super.remove(...given)
  }
}

function deps(): HousekeepingDeps {
  const dataDeps = { openStore: async () => store } as unknown as DataDeps
  let count = 0
  return {
    cluster,
    records: { history: async () => [], markFailed: async () => undefined },
    dataPlane: localDataPlane((task, options) => runDataTask(task, dataDeps, options)),
    clock: { now: () => new Date('2026-11-25T12:00:00.000Z'), sleep: async () => undefined },
    ids: { next: () => `id-${(count += 1)}` },
    installation: { namespace: NAMESPACE, release: 'tally', store: STORE } as unknown as Installation,
    report: () => undefined,
    signal: new AbortController().signal,
  }
}

async function addSet(name: string, takenAt: string): Promise<void> {
  const { manifestSha256 } = await storeSet(store, `${NAMESPACE}/tally/${name}`, { rung: 'proven' })
  const product = { appVersion: '1', chartVersion: '1.0.0', chartDigest: '' }
  const rest = { databases: [], proofs: [], writers: [], targets: [], manifestSha256 }
  const status = { ...rest, rung: 'proven' as const, product, takenAt }
  const place = { name, namespace: NAMESPACE, release: 'tally', set: `${NAMESPACE}/tally/${name}`, store: STORE }
  cluster.seed(backupSetObject({ ...place, status } satisfies BackupSet) as KubeObject)
  cluster.seed({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `pawl-set-${name}`, namespace: NAMESPACE, labels: LABELS },
  })
}

const things = async (kind: string, apiVersion: string): Promise<string[]> =>
  (await cluster.list({ apiVersion, kind, namespace: NAMESPACE })).map((object) => object.metadata.name)

async function left() {
  return {
    stored: [...new Set([...store.objects.keys()].map((name) => name.split('/')[2]))],
    sets: await things('BackupSet', 'pawl.dev/v1alpha1'),
    secrets: await things('Secret', 'v1'),
  }
}

beforeEach(async () => {
  cluster = new StoppingCluster({ namespace: NAMESPACE })
  store = memoryStore({ now: () => OLD })
  store.fault = (operation) => {
    if (operation === 'remove') effect()
  }
  stopAfter = Number.POSITIVE_INFINITY
  await addSet('one', '2026-10-01T00:00:00.000Z')
  await addSet('two', '2026-10-02T00:00:00.000Z')
  await addSet('three', '2026-10-03T00:00:00.000Z')
  await store.put(`${NAMESPACE}/tally/left/x`, new Uint8Array(3))
})

const CLEAN = { stored: ['three'], sets: ['three'], secrets: ['pawl-set-three'] }

test('looking changes nothing', async () => {
  const before = await left()
  const plan = await gatherPrune(deps(), POLICY)
  expect(plan.decisions.filter(({ remove }) => remove).map(({ name }) => name)).toEqual(['one', 'two'])
  expect(plan.leftovers.map(({ name }) => name)).toEqual(['left'])
  expect(await left()).toEqual(before)
})

test('sets, what interrupted ones left, and their Secrets go together', async () => {
  const plan = await gatherPrune(deps(), POLICY)
  const pruned = await carryOutPrune(deps(), plan, POLICY)
  expect(pruned.removed.map(({ name }) => name)).toEqual(['one', 'two', 'left'])
  expect(await left()).toEqual(CLEAN)
  expect((await gatherPrune(deps(), POLICY)).decisions.map(({ remove }) => remove)).toEqual([false])
})

test('stopped at any effect, the kept set is whole, and the same command ends the work', async () => {
  for (let at = 0; ; at += 1) {
    stopAfter = at
    const plan = await gatherPrune(deps(), POLICY)
    const ended = await carryOutPrune(deps(), plan, POLICY).then(
      () => true,
      (error: unknown) => {
        if (error instanceof Stopped) return false
        throw error
      },
    )
    stopAfter = Number.POSITIVE_INFINITY
    const whole = [...store.objects.keys()].filter((name) => name.includes('/three/'))
    expect(whole.length).toBe(4)
    await carryOutPrune(deps(), await gatherPrune(deps(), POLICY), POLICY)
    expect(await left()).toEqual(CLEAN)
    if (ended) {
      expect(at).toBeGreaterThan(10)
      return
    }
    for (const name of ['one', 'two']) await addSet(name, '2026-10-01T00:00:00.000Z')
    await store.put(`${NAMESPACE}/tally/left/x`, new Uint8Array(3))
  }
})

test('where the set that stays is not whole, nothing goes', async () => {
  store.objects.delete(`${NAMESPACE}/tally/three/ledger/data/toc.dat.age`)
  const before = await left()
  const plan = await gatherPrune(deps(), POLICY)
  await expect(carryOutPrune(deps(), plan, POLICY)).rejects.toMatchObject({ code: 'backup-damaged' })
  expect(await left()).toEqual(before)
})

test('what another machine keeps under the same path is not forgotten for not being here', async () => {
  store.objects.clear()
  await addSet('here', '2026-10-04T00:00:00.000Z')
  const before = await left()
  const plan = await gatherPrune(deps(), { ...POLICY, keep: 7 })
  expect(plan.missing.toSorted()).toEqual(['one', 'three', 'two'])
  await carryOutPrune(deps(), plan, POLICY)
  expect(await left()).toEqual(before)
})
