// Freeing a release that a killed Helm left pending.
import { expect, test } from 'vitest'
import type { ReleaseRecord } from '../../../src/ports/helm.ts'
import { findStuck, unlock } from '../../../src/steps/release/unlock.ts'
import type { Stuck } from '../../../src/steps/release/unlock.ts'
import { NAMESPACE, record, seedPod, world } from './world.ts'
import type { World } from './world.ts'

const NOW = Date.parse('2026-04-01T09:00:00Z') / 1000

function pending(here: World, secondsAgo: number, status: ReleaseRecord['status'] = 'pending-upgrade'): void {
  here.history.unshift(record({ revision: 4, status, labels: { modifiedAt: String(NOW - secondsAgo) } }))
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
    const here = world()
    pending(here, 600, status)
    expect(await look(here)).toMatchObject({
      record: { revision: 4 },
      deployed: { revision: 3, appVersion: '2026.2.9' },
      applied: [],
    })
  },
)

test('what of it has reached the pods is told', async () => {
  const here = world()
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
])('%s is left alone', async (_, spoil) => {
  const here = world()
  spoil(here)
  await expect(look(here)).rejects.toMatchObject({ code: 'release-pending' })
})

test('unlocking marks exactly that record as failed', async () => {
  const here = world()
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
