// pawl backup schedule and scheduled, as their users and the CronJob type them.
import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { API_VERSION, installationObject, parseInstallation, runObject } from '../../../src/core/resources.ts'
import { protocolOf } from '../../../src/core/run/protocol.ts'
import type { RunEvent, RunSpec } from '../../../src/core/run/run.ts'
import { SCHEDULED_BY } from '../../../src/core/schedule/schedule.ts'
import type { StoreSpec } from '../../../src/core/store/spec.ts'
import { PawlError } from '../../../src/core/errors.ts'
import { readRun } from '../../../src/engine/journal.ts'
import type { Charts } from '../../../src/ports/charts.ts'
import type { KubeObject } from '../../../src/ports/cluster.ts'
import { keptCharts } from '../../../src/steps/preflight/kept-chart.ts'
import { record } from '../preflight/world.ts'
import { addSet, makeWorld, NAMESPACE, pawl, type World } from './invoke.ts'

const where = ['tally', '-n', NAMESPACE]
const daily = ['backup', 'schedule', ...where, '--cron', '0 3 * * *']
const CHART = Buffer.from('a chart')
const digest = createHash('sha256').update(CHART).digest('hex')
let world: World

beforeEach(async () => {
  world = await makeWorld()
  world.doors.records = async () => ({
    history: async () => [record({ name: 'tally', namespace: NAMESPACE })],
    markFailed: async () => undefined,
  })
})
afterEach(() => rmSync(world.directory, { recursive: true }))

async function installation(change: { store?: StoreSpec; charts?: string }): Promise<void> {
  const ref = { apiVersion: API_VERSION, kind: 'Installation', namespace: NAMESPACE, name: 'tally' }
  const object = await world.cluster.get(ref)
  if (object === undefined) throw new Error('no installation')
  await world.cluster.replace(installationObject({ ...parseInstallation(object), ...change }) as KubeObject)
}

const ready = async (): Promise<void> =>
  await installation({ store: { type: 'volume', claim: 'pawl-store' }, charts: 'oci://registry.example/charts' })

async function cronJob(): Promise<KubeObject | undefined> {
  return await world.cluster.get({
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    namespace: NAMESPACE,
    name: 'pawl-backup-tally',
  })
}

test('a dry run prints the objects and makes none; then they are made, shown and taken out', async () => {
  await ready()
  const dry = await pawl(world, [...daily, '--dry-run'])
  expect(dry).toMatchObject({ exitCode: 0, stderr: '' })
  for (const kind of ['ServiceAccount', 'Role', 'RoleBinding', 'CronJob']) expect(dry.stdout).toContain(`kind: ${kind}`)
  expect(await cronJob()).toBeUndefined()
  const made = await pawl(world, [...daily, '--keep', '7', '--keep-days', '30', '-o', 'json'])
  expect(JSON.parse(made.stdout)).toMatchObject({
    dryRun: false,
    next: ['2026-11-26T03:00:00.000Z', '2026-11-27T03:00:00.000Z', '2026-11-28T03:00:00.000Z'],
  })
  const shown = JSON.parse((await pawl(world, ['backup', 'schedule', ...where, '-o', 'json'])).stdout) as unknown
  expect(shown).toMatchObject({ what: 'backup', cron: '0 3 * * *', timeZone: 'Etc/UTC', suspended: false })
  const removed = await pawl(world, ['backup', 'schedule', ...where, '--remove', '-o', 'json'])
  expect(JSON.parse(removed.stdout)).toEqual({ removed: true })
  expect(await cronJob()).toBeUndefined()
  expect((await pawl(world, ['backup', 'schedule', ...where, '--show'])).exitCode).toBe(65)
})

test('a schedule that spares its source says so wherever it is shown', async () => {
  await ready()
  const made = await pawl(world, [...daily, '--source-load', 'low'])
  const shown = await pawl(world, ['backup', 'schedule', ...where])
  for (const said of [made, shown]) expect(said.stdout).toContain('restored+')
})

test('images: for which platforms is settled when the schedule is made, since the one that runs may not ask the nodes', async () => {
  await ready()
  const status = { nodeInfo: { operatingSystem: 'linux', architecture: 'arm64' } }
  world.cluster.seed({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'one' }, status })
  await pawl(world, [...daily, '--images', 'nodes', '--registry-ca', 'company'])
  const shown = await pawl(world, ['backup', 'schedule', ...where])
  expect(shown.stdout).toContain('--images linux/arm64 --registry-ca company')
})

test.each([
  ['an expression that is none', ['--cron', 'at night'], 65],
  ['half a retention', ['--cron', '0 3 * * *', '--keep', '3'], 65],
  ['a retention after a proof', ['--cron', '0 3 * * *', '--what', 'prove', '--keep', '3', '--keep-days', '1'], 65],
  ['work that nobody knows', ['--cron', '0 3 * * *', '--what', 'restore'], 65],
  ['a proof that spares the source', ['--cron', '0 3 * * *', '--what', 'prove', '--source-load', 'low'], 65],
  ['a load that nobody knows', ['--cron', '0 3 * * *', '--source-load', 'high'], 65],
  ['images with a proof', ['--cron', '0 3 * * *', '--what', 'prove', '--images', 'all'], 65],
  ['two things at once', ['--cron', '0 3 * * *', '--remove'], 64],
])('%s is refused', async (_, options, exitCode) => {
  await ready()
  expect((await pawl(world, ['backup', 'schedule', ...where, ...options])).exitCode).toBe(exitCode)
  expect(await cronJob()).toBeUndefined()
})

test('a directory of this machine is no store for a pod, and a chart there is none either', async () => {
  const codeOf = async (): Promise<unknown> =>
    (JSON.parse((await pawl(world, [...daily, '-o', 'json'])).stdout) as { error: { code: string } }).error.code
  await installation({ charts: 'oci://registry.example/charts' })
  expect(await codeOf()).toBe('input-invalid')
  await installation({ store: { type: 'volume', claim: 'pawl-store' }, charts: '/srv/charts' })
  expect(await codeOf()).toBe('input-invalid')
  expect(await cronJob()).toBeUndefined()
})

test("somebody else's CronJob of that name is left alone", async () => {
  await ready()
  const metadata = { name: 'pawl-backup-tally', namespace: NAMESPACE }
  world.cluster.seed({ apiVersion: 'batch/v1', kind: 'CronJob', metadata, spec: { schedule: '1 1 * * *' } })
  for (const command of [daily, ['backup', 'schedule', ...where, '--remove']])
    expect((await pawl(world, [...command, '-o', 'json'])).stdout).toContain('cluster-conflict')
  expect((await cronJob())?.spec).toEqual({ schedule: '1 1 * * *' })
})

test('while a run is unfinished, or somebody owns the release, a scheduled one stands back and notes it', async () => {
  await ready()
  await pawl(world, daily)
  world.doors.leases = async () =>
    ({
      acquire: () => Promise.reject(new PawlError({ code: 'run-busy', message: 'somebody else' })),
    }) as never
  const said = await pawl(world, ['backup', 'scheduled', ...where, '-o', 'json'])
  expect(said.exitCode).toBe(0)
  expect(JSON.parse(said.stdout)).toMatchObject({ type: 'scheduled', outcome: 'skipped' })
  const noted = (await cronJob())?.metadata.annotations?.['pawl.dev/last'] ?? ''
  expect(JSON.parse(noted)).toMatchObject({ outcome: 'skipped' })
})

test('a run of an earlier time that only did not write down its end is let end', async () => {
  await ready()
  const at = '2026-11-24T03:00:00.000Z'
  const done = protocolOf('backup').filter(({ phase }) => phase !== 'ABORTING')
  const events = [
    { event: 'created', phase: 'PLANNED', by: SCHEDULED_BY } as const,
    ...done.map(({ step, opens: phase }) => ({ event: 'done', step, evidence: {}, phase }) as const),
  ].map((event, seq) => ({ seq, at, fence: 1, ...event }) as RunEvent)
  const spec = {
    kind: 'backup',
    by: SCHEDULED_BY,
    plan: { release: 'tally', of: {}, databases: [] },
  } as unknown as RunSpec
  const run = { name: 'tally-1', namespace: NAMESPACE, spec, createdAt: at, events }
  world.cluster.seed(runObject({ run, fence: 1, phase: 'DONE' }) as KubeObject)
  const said = await pawl(world, ['backup', 'scheduled', ...where])
  expect(said.stdout + said.stderr).not.toContain('run-past-point-of-no-return')
  expect((await readRun(world.cluster, NAMESPACE, 'tally-1')).run.events.at(-1)).toMatchObject({ outcome: 'done' })
})

test('what fails is noted with its code, and fails the Job', async () => {
  await ready()
  await pawl(world, daily)
  const said = await pawl(world, ['backup', 'scheduled', ...where, '--what', 'prove', '-o', 'json'])
  expect(said.exitCode).not.toBe(0)
  const noted = (await cronJob())?.metadata.annotations?.['pawl.dev/last'] ?? ''
  expect(JSON.parse(noted)).toMatchObject({ outcome: 'failed', code: 'backup-not-found' })
})

test('the chart of what is installed comes from a set that holds it, where it is what was noted', async () => {
  await addSet(world, 's1', '2026-11-25T00:00:00Z')
  const ref = { apiVersion: API_VERSION, kind: 'BackupSet', namespace: NAMESPACE, name: 's1' }
  const set = await world.cluster.get(ref)
  const status = {
    ...(set?.['status'] as Record<string, unknown>),
    product: { appVersion: '1', chartVersion: '2', chartDigest: digest },
  }
  world.cluster.seed({ ...(set as KubeObject), status })
  const keep = (bytes: Buffer): KubeObject =>
    world.cluster.seed({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'pawl-set-s1', namespace: NAMESPACE },
      data: { 'chart.tgz': bytes.toString('base64') },
    })
  const asked: string[] = []
  const source = {
    where: 'x',
    fetch: (_: string, version: string) => {
      asked.push(version)
      return Promise.reject(new PawlError({ code: 'store-unreadable', message: 'out of reach' }))
    },
  } as unknown as Charts
  const { cluster, doors } = world
  const charts = keptCharts({ cluster, namespace: NAMESPACE, release: 'tally', sha256: doors.sha256 }, source)
  keep(CHART)
  expect((await charts.fetch('tally', '2')).entry).toMatchObject({ name: 'tally', version: '2', appVersion: '1' })
  await expect(charts.fetch('tally', '3')).rejects.toMatchObject({ code: 'store-unreadable' })
  keep(Buffer.from('another chart'))
  await expect(charts.fetch('tally', '2')).rejects.toMatchObject({ code: 'store-unreadable' })
  expect(asked).toEqual(['3', '2'])
})
