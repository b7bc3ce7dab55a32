// What happens around a run: who owns the release, and what is looked at before one begins.
import { beforeEach, expect, test } from 'vitest'
import { PawlError } from '../core/errors.ts'
import { guardObject, newGuard } from '../core/guard/guard.ts'
import type { AcquireOptions } from '../ports/lease.ts'
import type { KubeObject } from '../ports/cluster.ts'
import { FakeCluster } from '../testing/cluster/fake-cluster.ts'
import { faulty, type FaultyCluster } from '../testing/cluster/faults.ts'
import { withOwnership, type EngineDeps } from './drive.ts'

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
