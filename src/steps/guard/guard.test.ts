// The life of a ticket and the guard through a run, against policies that are evaluated as the API server does.
import { beforeEach, expect, test } from 'vitest'
import type { AdmissionRequest } from '../../core/guard/request.ts'
import { writeRequest } from '../../core/guard/request.ts'
import { guardObject, newGuard, parseGuard, TICKET_LABEL, type ReleaseGuard } from '../../core/guard/guard.ts'
import { judge } from '../../core/guard/judge.ts'
import { isPawlError } from '../../core/errors.ts'
import { API_VERSION } from '../../core/resources.ts'
import type { Cluster, KubeObject, ObjectRef } from '../../ports/cluster.ts'
import { FakeCluster } from '../../testing/cluster/fake-cluster.ts'
import { migrate } from '../migrate/index.ts'
import { reopen } from '../reopen/index.ts'
import { rollout } from '../rollout/index.ts'
import type { StepContext } from '../step.ts'
import { untilAdmitted } from './admitted.ts'
import { changeGuard, changeGuardOfRun, readGuard } from './guard.ts'
import {
  keepWritersStopped,
  letWritersStart,
  lowerFloors,
  mayStart,
  raiseFloors,
  startedByStaging,
} from './protocol.ts'
import { withTicket } from './ticket.ts'

const place = { namespace: 'toys', release: 'toy' }
const floors = [{ repository: 'reg/toy', version: [2026, 1, 1] as [number, number, number] }]
let cluster: FakeCluster
let now = 0
let guards: ReleaseGuard[] = []
/** How long a change of the guard takes to reach the API server's policies. */
let lagMs = 0
let changes: { seenFrom: number; guards: ReleaseGuard[] }[] = []

function enforce(target: FakeCluster): void {
  target.admit(({ operation, object, old }) => {
    if (operation === 'DELETE') return undefined
    const request: AdmissionRequest = writeRequest({
      object,
      namespace: 'toys',
      now: new Date(now),
      ...(old === undefined ? {} : { before: old }),
    })
    const seen = changes.findLast(({ seenFrom }) => seenFrom <= now)
    const [refusal] = judge(request, seen?.guards ?? [])
    return refusal && `ValidatingAdmissionPolicy '${refusal.policy}' denied request: ${refusal.message}`
  })
}

beforeEach(async () => {
  now = Date.parse('2026-11-25T12:00:00Z')
  cluster = new FakeCluster({ namespace: 'toys', now: () => new Date(now) })
  guards = []
  lagMs = 0
  changes = []
  cluster.onChange(({ type, object }) => {
    if (object.kind !== 'ReleaseGuard') return
    guards = type === 'deleted' ? [] : [parseGuard(object)]
    changes.push({ seenFrom: now + lagMs, guards })
  })
  await cluster.create(guardObject(newGuard(place, { enforcement: 'Enforce', floors, revision: 3 })) as KubeObject)
  enforce(cluster)
})

function contextOf(over: Partial<StepContext> = {}): StepContext {
  const never = new AbortController().signal
  return {
    ...place,
    cluster,
    run: 'toy-1',
    fence: 2,
    signal: never,
    lost: never,
    stillOwner: () => Promise.resolve(),
    clock: { now: () => new Date(now), sleep: (ms: number) => Promise.resolve(void (now += ms)) },
    parseYaml: (text: string) => [JSON.parse(text) as unknown],
    profile: { name: 'toy', versionScheme: 'calver' },
    memo: new Map(),
    dataPlane: { run: () => Promise.resolve({ databases: [] }), discard: () => Promise.resolve() },
    ...over,
  } as unknown as StepContext
}

function record(labels: Record<string, string>, revision = 4): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: `sh.helm.release.v1.toy.v${revision}`,
      namespace: 'toys',
      labels: { owner: 'helm', name: 'toy', status: 'pending-upgrade', version: String(revision), ...labels },
    },
  }
}

const ticketNow = async (): Promise<unknown> => (await readGuard({ cluster, ...place }))?.ticket

test('a ticket is there while Helm writes, good once, and gone afterwards', async () => {
  let label = ''
  await withTicket(contextOf(), 4, async (labels) => {
    label = labels[TICKET_LABEL] ?? ''
    expect(await ticketNow()).toMatchObject({ value: label, revision: 4, run: 'toy-1' })
    await cluster.create(record(labels))
    await expect(cluster.create(record(labels, 5))).rejects.toSatisfy((error) => isPawlError(error, 'cluster-refused'))
  })
  expect(await ticketNow()).toBeUndefined()
  expect((await readGuard({ cluster, ...place }))?.revision).toBe(4)
  await expect(cluster.create(record({ [TICKET_LABEL]: label }, 5))).rejects.toThrow('[ticket]')
})

test('it is closed where Helm fails, and where the run is stopped meanwhile', async () => {
  const stop = new AbortController()
  const failing = withTicket(contextOf({ signal: stop.signal }), 4, () => {
    stop.abort(new Error('stopped'))
    return Promise.reject(new Error('helm says no'))
  })
  await expect(failing).rejects.toThrow('helm says no')
  expect(await ticketNow()).toBeUndefined()
})

test('what a dead process left open is replaced, and its own is worthless after its time', async () => {
  await changeGuardOfRun(contextOf(), (guard) => ({
    ...guard,
    ticket: { value: 'left', run: 'toy-0', revision: 4, expires: new Date(now + 1000).toISOString() },
  }))
  now += 2000
  await expect(cluster.create(record({ [TICKET_LABEL]: 'left' }))).rejects.toThrow('[ticket]')
  await withTicket(contextOf(), 4, async (labels) => void (await cluster.create(record(labels))))
  expect(await ticketNow()).toBeUndefined()
})

test('a guard whose policies are gone is found out before Helm is called', async () => {
  const blind = new FakeCluster({ namespace: 'toys', now: () => new Date(now) })
  await blind.create(guardObject(newGuard(place, { enforcement: 'Enforce', floors, revision: 3 })) as KubeObject)
  let called = false
  const unproven = withTicket(contextOf({ cluster: blind }), 4, () => Promise.resolve(void (called = true)))
  await expect(unproven).rejects.toSatisfy((error) => isPawlError(error, 'guard-unproven'))
  expect(called).toBe(false)
  expect((await readGuard({ cluster: blind, ...place }))?.ticket).toBeUndefined()
})

test('a definition that does not know a field is found out, instead of a guard that lacks it', async () => {
  const older = new FakeCluster({ namespace: 'toys' })
  await older.create(guardObject(newGuard(place, { enforcement: 'Enforce', floors, revision: 3 })) as KubeObject)
  const dropping: Cluster = Object.assign(Object.create(older) as Cluster, {
    replace: async (object: KubeObject) => {
      const { opening: _dropped, ...spec } = object['spec'] as Record<string, unknown>
      return await older.replace({ ...object, spec })
    },
    get: async (ref: ObjectRef) => await older.get(ref),
  })
  const opening = { by: 'ada', reason: 'x', at: 'y', until: 'z' }
  const written = changeGuard({ cluster: dropping, ...place }, (guard) => ({ ...guard, opening }))
  await expect(written).rejects.toSatisfy((error) => isPawlError(error, 'guard-unproven'))
})

test('who lost the release to a later owner changes nothing', async () => {
  await changeGuardOfRun(contextOf({ fence: 5 }), (guard) => guard)
  const late = changeGuardOfRun(contextOf({ fence: 4 }), (guard) => ({ ...guard, revision: 99 }))
  await expect(late).rejects.toSatisfy((error) => isPawlError(error, 'fence-lost'))
  expect((await readGuard({ cluster, ...place }))?.revision).toBe(3)
})

test('without a guard nothing is asked and nothing is written', async () => {
  const bare = new FakeCluster({ namespace: 'toys' })
  const context = contextOf({ cluster: bare })
  let labels: Record<string, string> | undefined
  await withTicket(context, 4, (given) => Promise.resolve(void (labels = given)))
  await mayStart(context, ['Job/x'])
  await letWritersStart(context)
  expect(labels).toEqual({})
  expect(await bare.list({ apiVersion: API_VERSION, kind: 'ReleaseGuard', namespace: 'toys' })).toEqual([])
})

const manifest = (version: string): string =>
  JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'toy' },
    spec: { template: { spec: { containers: [{ image: `reg/toy:${version}` }] } } },
  })

test('through an upgrade and a recovery: stopped, raised, let in, and lowered once', async () => {
  const upgrade = contextOf()
  await keepWritersStopped(upgrade, [{ name: 'toy', images: ['reg/toy:2026.1.1', 'proxy:1'] }] as never)
  await mayStart(upgrade, ['Job/migrate'])
  expect(guards[0]?.quiesced).toEqual({
    run: 'toy-1',
    writers: ['toy'],
    repositories: ['reg/toy'],
    mayStart: ['Job/migrate'],
    mayRun: [],
  })
  await raiseFloors(upgrade, { manifest: manifest('2026.2.1'), chart: { appVersion: '2026.2.1' } } as never)
  await letWritersStart(upgrade)
  expect(guards[0]).toMatchObject({ floors: [{ version: [2026, 2, 1] }], recoveryEpoch: 0, fence: 2 })
  expect(guards[0]?.quiesced).toBeUndefined()
  const recovery = contextOf({ run: 'toy-2', fence: 3 })
  await keepWritersStopped(recovery, [{ name: 'toy', images: ['reg/toy:2026.2.1'] }] as never)
  for (let twice = 0; twice < 2; twice += 1) {
    await lowerFloors(recovery, manifest('2026.1.1'), '2026.1.1')
    if (twice > 0) break
    // As the guard is put in anew while Helm's newest record is still that of the newer release.
    await raiseFloors(recovery, { manifest: manifest('2026.2.1'), chart: { appVersion: '2026.2.1' } } as never)
    expect(guards[0]).toMatchObject({ floors: [{ version: [2026, 2, 1] }] })
  }
  expect(guards[0]).toMatchObject({ floors: [{ version: [2026, 1, 1] }], recoveryEpoch: 1, recoveredBy: 'toy-2' })
  expect(guards[0]?.quiesced).toMatchObject({ run: 'toy-2', mayRun: ['reg/toy:2026.1.1'] })
})

const TOY = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'toy', namespace: 'toys' }

/** From here on the policies see a change of the guard a second late. */
async function stopped(): Promise<void> {
  const migrator = { name: 'migrations', image: 'reg/toy:2026.1.1' }
  const pod = { containers: [{ name: 'toy', image: 'reg/toy:2026.1.1' }], initContainers: [migrator] }
  const { apiVersion, kind, ...metadata } = TOY
  const selector = { matchLabels: { app: 'toy' } }
  await cluster.create({ apiVersion, kind, metadata, spec: { replicas: 0, selector, template: { spec: pod } } })
  await keepWritersStopped(contextOf(), [{ name: 'toy', images: ['reg/toy:2026.1.1'] }] as never)
  lagMs = 1_000
}

function migrating(migrator: Record<string, string>): StepContext {
  const database = { target: { role: 'ledger' }, migrator: { deployment: 'toy', ...migrator } }
  return contextOf({
    spec: { kind: 'upgrade', plan: { databases: [database], to: { appVersion: '2026.2.1' } } } as never,
    state: { steps: {} } as never,
    records: {
      history: () => Promise.resolve([{ manifest: manifest('2026.1.1'), chart: { appVersion: '2026.1.1' } }]),
    } as never,
    report: () => undefined,
  })
}

test('what a run starts waits until the policies have seen that it may: what was stopped, and migrators', async () => {
  await stopped()
  cluster.onChange(({ type, object }) => {
    if (object.kind === 'Job' && type === 'added')
      cluster.seed({ ...object, status: { conditions: [{ type: 'Complete', status: 'True' }] } })
  })
  await migrate.act(migrating({ kind: 'init-container', container: 'migrations' }), 1)
  const [job] = await cluster.list({ apiVersion: 'batch/v1', kind: 'Job', namespace: 'toys' })
  expect(job?.metadata.name).toBe('pawl-1-migrate-ledger-1')
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'toy-0', namespace: 'toys', labels: { app: 'toy' } } }
  cluster.seed({ ...pod, status: { conditions: [{ type: 'Ready', status: 'True' }] } })
  await migrate.act(migrating({ kind: 'deployment' }), 1)
  const writers = [{ name: 'toy', replicas: 2 }]
  const spec = { kind: 'upgrade', plan: { writers: [] } }
  const state = { steps: { capture: { evidence: { deployments: writers } } } }
  await reopen.act(contextOf({ spec, state } as never), 1)
  expect(await cluster.get(TOY)).toMatchObject({ spec: { replicas: 2 } })
})

test('what staging starts is hooks and what writes nothing, not a writer that is new in the release', () => {
  const password = { secret: 'db', key: 'password' }
  const plan = { databases: [{ target: { role: 'ledger', login: { password } } }] }
  const secret = { env: [{ valueFrom: { secretKeyRef: { name: 'db' } } }] }
  const objectOf = (kind: string, name: string, container: object = {}): unknown => ({
    kind,
    metadata: { name },
    spec: { template: { spec: { containers: [container] } } },
  })
  const own = [objectOf('Deployment', 'fresh', secret), objectOf('Deployment', 'www'), objectOf('Job', 'hook', secret)]
  const context = contextOf({
    spec: { kind: 'upgrade', plan },
    parseYaml: (text: string) => (text === '' ? [] : own),
  } as never)
  const guard = newGuard(place, { enforcement: 'Enforce', floors, revision: 3 })
  expect(startedByStaging(context, guard, { manifest: 'own', hooks: '', notes: '' })).toEqual([
    'Deployment/www',
    'Job/hook',
  ])
})

test('floors are up before writers start, although migrate had nothing to do', async () => {
  await keepWritersStopped(contextOf(), [{ name: 'toy', images: ['reg/toy:2026.1.1'] }] as never)
  const newest = { status: 'deployed', description: 'pawl toy-1 rollout', chart: { appVersion: '2026.2.1' } }
  const records = { history: () => Promise.resolve([{ ...newest, manifest: manifest('2026.2.1') }]) }
  const spec = { kind: 'upgrade', plan: { databases: [], to: { appVersion: '2026.2.1' } } }
  await rollout.act(contextOf({ records, spec, state: { steps: {} } } as never), 1)
  const [raised, open] = changes.slice(-2).map((change) => change.guards[0])
  expect(raised).toMatchObject({ floors: [{ version: [2026, 2, 1] }], quiesced: { run: 'toy-1' } })
  expect(open?.quiesced).toBeUndefined()
})

test('a refusal that stays is said after half a minute, any other at once', async () => {
  await stopped()
  const start = now
  const awake = { type: 'merge', body: { spec: { replicas: 1 } } } as const
  const early = untilAdmitted(contextOf(), async () => await cluster.patch(TOY, awake))
  await expect(early).rejects.toThrow('[quiesced]')
  expect(now - start).toBeGreaterThanOrEqual(30_000)
  const again = now
  const ticketless = untilAdmitted(contextOf(), async () => await cluster.create(record({})))
  await expect(ticketless).rejects.toThrow('[ticket]')
  expect(now).toBe(again)
})
