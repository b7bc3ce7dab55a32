// pawl recover looks at the set and at the release's files before it begins: a recovery that has begun is never given up.
import { rmSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { PawlError } from '../../../src/core/errors.ts'
import { API_VERSION, backupSetObject, parseBackupSet, runObject } from '../../../src/core/resources.ts'
import type { RunEvent, RunSpec } from '../../../src/core/run/run.ts'
import type { KubeObject } from '../../../src/ports/cluster.ts'
import type { DataPlane } from '../../../src/ports/dataplane.ts'
import { tally } from '../../../src/profiles/tally/profile.ts'
import { writeFiles } from '../../../src/steps/release/files.ts'
import { record } from '../preflight/world.ts'
import { addSet, makeWorld, NAMESPACE, pawl, refuteElsewhere, type World } from './invoke.ts'

const FILES = 'pawl-set-one'
const ref = { apiVersion: API_VERSION, kind: 'BackupSet', namespace: NAMESPACE, name: 'one' }

async function putFiles(world: World, names: readonly string[]): Promise<void> {
  const files = Object.fromEntries(names.map((name) => [name, Buffer.from(name)]))
  await writeFiles(world.cluster, { namespace: NAMESPACE, name: FILES, labels: {} }, files)
}

async function dropFiles(world: World): Promise<void> {
  await world.cluster.remove({ apiVersion: 'v1', kind: 'Secret', namespace: NAMESPACE, name: FILES })
}

async function noted(world: World, over: { manifestSha256?: string; releaseFiles?: string }): Promise<void> {
  const set = parseBackupSet((await world.cluster.get(ref))!)
  const status = { ...set.status!, ...over }
  await world.cluster.replace(backupSetObject({ ...set, status }) as KubeObject, { subresource: 'status' })
}

/** The store is there, the databases do not answer. */
function withoutDatabases(plane: DataPlane): DataPlane {
  const down = new PawlError({ code: 'database-unreachable', message: 'down' })
  return {
    ...plane,
    run: async (task, options) =>
      task.kind === 'inspect' || task.kind === 'note-proof' ? plane.run(task, options) : Promise.reject(down),
  }
}

let world: World
beforeEach(async () => {
  world = await makeWorld()
  const running = record({ name: 'tally', namespace: NAMESPACE, manifest: '', config: {} })
  world.doors.records = async () => ({ history: async () => [running], markFailed: async () => undefined })
  world.doors.parseYaml = () => []
  const { dataPlane, clock } = world.doors
  world.doors.clock = { ...clock, sleep: async () => undefined }
  world.doors.dataPlane = async (...reach) => withoutDatabases(await dataPlane(...reach))
  await addSet(world, 'one', '2026-10-01T00:00:00.000Z')
  await noted(world, { releaseFiles: FILES })
  await putFiles(world, ['chart.tgz', 'values.json', 'manifest.yaml'])
})
afterEach(() => rmSync(world.directory, { recursive: true }))

const begun = async (): Promise<number> =>
  (await world.cluster.list({ apiVersion: API_VERSION, kind: 'Run', namespace: NAMESPACE })).length

test('a set that is there, with its files, is gone back to', async () => {
  expect(tally.chart).toBe(record().chart.name)
  await pawl(world, ['recover', 'tally', '--yes'])
  expect(await begun()).toBe(1)
})

test.each<[string, number, (world: World) => unknown]>([
  ['gone from the store', 65, ({ store }) => store.objects.clear()],
  ['without one of its parts', 40, ({ store }) => store.objects.delete('shop/tally/one/ledger/data/toc.dat.age')],
  ['another one than was noted', 40, async (here) => await noted(here, { manifestSha256: 'other' })],
  ['without the files of its release', 40, dropFiles],
  [
    'without the chart of its release',
    40,
    async (here) => {
      await dropFiles(here)
      await putFiles(here, ['values.json', 'manifest.yaml'])
    },
  ],
])('where the set is %s, no recovery begins', async (_, exitCode, spoil) => {
  await spoil(world)
  const said = await pawl(world, ['recover', 'tally', '--yes'])
  expect(said.exitCode).toBe(exitCode)
  expect(await begun()).toBe(0)
})

/** Happens when the question was answered and the release is about to be owned. */
function meanwhile(happens: () => Promise<unknown>): void {
  const { leases } = world.doors
  world.doors.leases = async (...place) => {
    const found = await leases(...place)
    return {
      acquire: async (...how) => {
        await happens()
        return await found.acquire(...how)
      },
    }
  }
}

test('where another set is the newest when the question was answered, nothing begins', async () => {
  meanwhile(async () => await addSet(world, 'two', '2026-10-02T00:00:00.000Z'))
  const said = await pawl(world, ['recover', 'tally', '--yes'])
  expect(said).toMatchObject({ exitCode: 20, stderr: expect.stringContaining('plan-changed') as string })
  expect(await begun()).toBe(0)
})

test('where the upgrade was gone on with meanwhile and its release has served, nothing begins', async () => {
  const spec = { kind: 'upgrade', by: 'ann', plan: { release: 'tally', accepted: [] } } as unknown as RunSpec
  const at = '2026-10-01T00:00:00.000Z'
  const events: RunEvent[] = [{ seq: 0, at, fence: 1, event: 'created', phase: 'PONR', by: 'ann' }]
  const seed = (more: RunEvent[]): void => {
    const run = { name: 'tally-up', namespace: NAMESPACE, spec, createdAt: at, events: [...events, ...more] }
    world.cluster.seed(runObject({ run, fence: 1, phase: 'PONR' }) as KubeObject)
  }
  seed([])
  await world.cluster.patch(ref, { type: 'merge', body: { spec: { run: 'tally-up' } } })
  meanwhile(async () => seed([{ seq: 1, at, fence: 1, event: 'intent', step: 'rollout', attempt: 1 }]))
  const said = await pawl(world, ['recover', 'tally', '--yes'])
  expect(said).toMatchObject({ exitCode: 20, stderr: expect.stringContaining('more would be lost') as string })
  expect(await begun()).toBe(1)
})

test('where the newest proof failed in another cluster, a recovery begins only by name', async () => {
  await refuteElsewhere(world, 'one')
  const said = await pawl(world, ['recover', 'tally', '--yes'])
  expect(said).toMatchObject({ exitCode: 40, stderr: expect.stringContaining('public.deliveries') as string })
  expect(await begun()).toBe(0)
  await pawl(world, ['recover', 'tally', '--set', 'one', '--yes'])
  expect(await begun()).toBe(1)
})
