// What happens around a run: who owns the release, and what is looked at before one begins.
import { beforeEach, expect, test } from 'vitest'
import { isPawlError, PawlError } from '../core/errors.ts'
import { guardObject, newGuard } from '../core/guard/guard.ts'
import { protocolOf } from '../core/run/protocol.ts'
import type { RunSpec } from '../core/run/run.ts'
import type { AcquireOptions } from '../ports/lease.ts'
import type { KubeObject } from '../ports/cluster.ts'
import { FakeCluster } from '../testing/cluster/fake-cluster.ts'
import { faulty, type FaultyCluster } from '../testing/cluster/faults.ts'
import { beginRun, driveRun, unfinishedRun, withOwnership, type EngineDeps, type Intention } from './drive.ts'
import { listRuns, openJournal } from './journal.ts'

const place = { namespace: 'shop', release: 'tally' }
let cluster: FaultyCluster
let deps: EngineDeps

beforeEach(() => {
  const guard = newGuard(place, { enforcement: 'Enforce', floors: [], revision: 3 })
  const fake = new FakeCluster({ namespace: 'shop' })
  fake.seed(guardObject({ ...guard, fence: 7 }) as KubeObject)
  cluster = faulty(fake)
  const never = new AbortController().signal
  deps = {
    cluster,
    installation: { ...place, name: 'tally' },
    leases: {
      acquire: (_name: string, _holder: string, { above = 0 }: AcquireOptions) =>
        Promise.resolve({ fence: above + 1, lost: never, renew: () => undefined, release: () => undefined }),
    },
    clock: { now: () => new Date('2026-11-25T12:00:00Z') },
    ids: { next: () => '1' },
    checkpoint: () => Promise.resolve(),
    reporter: { state: () => undefined },
    who: { name: 'ann', process: 'p' },
    leaseMs: 1_000,
    stop: never,
  } as unknown as EngineDeps
})

function hideGuard(): void {
  const error = new PawlError({ code: 'cluster-refused', message: 'Not allowed to get releaseguards' })
  const when = (method: string, [ref]: unknown[]): boolean =>
    method === 'get' && (ref as { kind: string }).kind === 'ReleaseGuard'
  cluster.inject({ when, fault: { how: 'error', error } })
}

const ownership = { fence: 9, lost: new AbortController().signal, renew: () => Promise.resolve() }
const specOf = (kind: string): RunSpec => ({ kind, plan: { ...place, databases: [] }, by: 'ann' }) as unknown as RunSpec

const fenceNow = async (): Promise<number> => await withOwnership(deps, ({ fence }) => Promise.resolve(fence))

test('a fence is above that of the guard, although neither Lease nor Run remembers it', async () => {
  expect(await fenceNow()).toBe(8)
})

test('who may not read the guard, and a cluster that does not know it, own the release all the same', async () => {
  hideGuard()
  expect(await fenceNow()).toBe(1)
  deps = { ...deps, cluster: new FakeCluster({ namespace: 'shop', ours: false }) }
  expect(await fenceNow()).toBe(1)
})

test('no run begins whose owner may have been succeeded while it was planned', async () => {
  const renew = (): Promise<void> => Promise.reject(new PawlError({ code: 'fence-lost', message: 'somebody else' }))
  await expect(beginRun(deps, { ...ownership, renew }, specOf('upgrade'), {})).rejects.toMatchObject({
    code: 'fence-lost',
  })
  expect(await unfinishedRun(deps)).toBeUndefined()
})

test('what has done everything but end is not given up: it is let end', async () => {
  const name = await beginRun(deps, ownership, specOf('backup'), {})
  const journal = await openJournal(cluster, deps.clock, 'shop', name, 9)
  for (const { step, opens } of protocolOf('backup').filter(({ phase }) => phase !== 'ABORTING'))
    await journal.append({ event: 'done', step, evidence: {}, ...(opens === undefined ? {} : { phase: opens }) })
  await expect(driveRun(deps, ownership, name, 'abort')).rejects.toMatchObject({
    code: 'run-past-point-of-no-return',
    hint: 'Let it do that: "pawl runs resume tally -n shop".',
  })
  expect((await driveRun(deps, ownership, name, 'go-on')).state.ended?.outcome).toBe('done')
})

test('no run begins or goes on whose guard may not be read; a backup asks none, and an abort is tried', async () => {
  const name = await beginRun(deps, ownership, specOf('upgrade'), {})
  hideGuard()
  const unreadable = (error: unknown): boolean =>
    isPawlError(error, 'cluster-refused') &&
    error.unchanged !== undefined &&
    error.hint.includes('rbac operating -n shop')
  for (const kind of ['upgrade', 'recovery'])
    await expect(beginRun(deps, ownership, specOf(kind), {})).rejects.toSatisfy(unreadable)
  expect(await listRuns(cluster, 'shop', 'tally')).toHaveLength(1)
  const eventsAfter = async (intention: Intention): Promise<string[]> => {
    await driveRun(deps, ownership, name, intention).catch(() => undefined)
    return (await openJournal(cluster, deps.clock, 'shop', name, 9)).run.events.map(({ event }) => event)
  }
  expect(await eventsAfter('resume')).toEqual(['created'])
  expect((await eventsAfter('abort')).slice(0, 3)).toEqual(['created', 'owned', 'abort-requested'])
  deps = { ...deps, ids: { next: () => '2' } }
  expect(await beginRun(deps, ownership, specOf('backup'), {})).toBe('tally-2')
})
