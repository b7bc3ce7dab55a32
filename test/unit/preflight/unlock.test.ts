// Freeing a release that a killed Helm left pending.
import { expect, test } from 'vitest'
import type { ReleaseRecord } from '../../../src/ports/helm.ts'
import { findStuck, unlock } from '../../../src/steps/release/unlock.ts'
import type { Stuck } from '../../../src/steps/release/unlock.ts'
import { NAMESPACE, record, seedPod, workload, world } from './world.ts'
import type { World } from './world.ts'

const NOW = Date.parse('2026-04-01T09:00:00Z') / 1000

function pending(here: World, secondsAgo: number, status: ReleaseRecord['status'] = 'pending-upgrade'): void {
  here.history.unshift(record({ revision: 4, status, labels: { modifiedAt: String(NOW - secondsAgo) } }))
}

/** As a controller leaves a workload that runs, unless `over` says otherwise. */
function status(
  here: World,
  kind: 'Deployment' | 'StatefulSet',
  name: string,
  over: Record<string, unknown> = {},
): void {
  const up = { observedGeneration: 1, replicas: 2, updatedReplicas: 2, readyReplicas: 2 }
  here.cluster.setStatus({ apiVersion: 'apps/v1', kind, namespace: NAMESPACE, name }, { ...up, ...over })
}

function running(): World {
  const here = world()
  for (const name of ['prod-tally-ledger-api', 'prod-tally-recorder']) status(here, 'Deployment', name)
  status(here, 'StatefulSet', 'prod-postgresql')
  return here
}

async function look(here: World): Promise<Stuck | undefined> {
  return await findStuck(here.deps, { release: 'prod', namespace: NAMESPACE })
}

test('a release that nobody works on needs no unlocking', async () => {
  expect(await look(world())).toBeUndefined()
})

test.each(['pending-upgrade', 'pending-install', 'pending-rollback'] as const)(
  '%s that nobody has touched for a while is found, with what runs',
  async (status) => {
    const here = running()
    pending(here, 600, status)
    expect(await look(here)).toMatchObject({
      record: { revision: 4 },
      deployed: { revision: 3, appVersion: '2026.2.9' },
      applied: [],
    })
  },
)

test('what of it has reached the pods is told', async () => {
  const here = running()
  pending(here, 600)
  seedPod(here.cluster, 'prod-tally-recorder', 'tally/recorder:2026.3.9')
  expect((await look(here))?.applied).toHaveLength(1)
})

test.each<[string, (here: World) => void]>([
  ['a record that was written a moment ago', (here) => pending(here, 20)],
  [
    'a hook that is running',
    (here) => {
      pending(here, 600)
      here.cluster.seed({
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { name: 'prod-pre-install', namespace: NAMESPACE },
        status: { active: 1 },
      })
    },
  ],
  [
    'a hook that is a pod',
    (here) => {
      pending(here, 600)
      here.history[0]!.hooks.push({ name: 'prod-check', kind: 'Pod', events: ['post-upgrade'] })
      here.cluster.seed({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'prod-check', namespace: NAMESPACE },
        status: { phase: 'Running' },
      })
    },
  ],
  [
    'a Deployment with pods of the old template',
    (here) => {
      pending(here, 600)
      status(here, 'Deployment', 'prod-tally-recorder', { updatedReplicas: 1 })
    },
  ],
  [
    'a Deployment whose new pods are not ready',
    (here) => {
      pending(here, 600)
      status(here, 'Deployment', 'prod-tally-recorder', { readyReplicas: 1 })
    },
  ],
  [
    'a StatefulSet whose controller has not seen the change',
    (here) => {
      pending(here, 600)
      status(here, 'StatefulSet', 'prod-postgresql', { observedGeneration: 0 })
    },
  ],
])('%s is left alone', async (_, spoil) => {
  const here = running()
  spoil(here)
  await expect(look(here)).rejects.toMatchObject({ code: 'release-pending' })
})

test.each<[string, (here: World) => void]>([
  [
    'its own deadline has given up',
    (here) => {
      pending(here, 700)
      const conditions = [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }]
      status(here, 'Deployment', 'prod-tally-recorder', { updatedReplicas: 1, conditions })
    },
  ],
  [
    'nobody waits for any more',
    (here) => {
      pending(here, 3700)
      status(here, 'StatefulSet', 'prod-postgresql', { readyReplicas: 0 })
    },
  ],
  [
    'is none of the release',
    (here) => {
      pending(here, 600)
      here.cluster.seed(workload('another', 'x:1'))
      status(here, 'Deployment', 'another', { updatedReplicas: 0 })
    },
  ],
])('a rollout that %s keeps nothing locked', async (_, spoil) => {
  const here = running()
  spoil(here)
  expect(await look(here)).toMatchObject({ record: { revision: 4 } })
})

test('unlocking marks exactly that record as failed', async () => {
  const here = running()
  pending(here, 600)
  const found = await look(here)
  const marked: [number, string][] = []
  const records = {
    ...here.deps.records,
    markFailed: (of: ReleaseRecord, description: string) => {
      marked.push([of.revision, description])
      return Promise.resolve()
    },
  }
  await unlock({ records }, found!, 'ada@desk')
  expect(marked).toEqual([[4, expect.stringContaining('ada@desk')]])
})
