import { expect, test } from 'vitest'
import { readTimetable } from '../../../src/adapters/cron/timetable.ts'
import { PawlError } from '../../../src/core/errors.ts'
import { known } from '../../../src/core/plan/facts.ts'
import { backupSetObject, runObject } from '../../../src/core/resources.ts'
import type { BackupSet, BackupSetStatus } from '../../../src/core/resources.ts'
import { scheduleObjects } from '../../../src/core/schedule/objects.ts'
import type { RunSpec } from '../../../src/core/run/run.ts'
import type { KubeObject } from '../../../src/ports/cluster.ts'
import { tally } from '../../../src/profiles/tally/profile.ts'
import type { Status } from '../../../src/core/status/status.ts'
import type { ReleaseRecords } from '../../../src/ports/helm.ts'
import { beginStatusReads } from '../../../src/steps/preflight/status-reads.ts'
import { lookAtInstalled } from '../../../src/steps/preflight/status-look.ts'
import { readStatus } from '../../../src/steps/preflight/status.ts'
import type { StatusDeps, StatusRequest } from '../../../src/steps/preflight/status.ts'
import { CHARTS, INSTALLATION, markFlux, NAMESPACE, record, seedData, seedPod, world } from './world.ts'
import type { World } from './world.ts'

const REQUEST = { release: 'prod', namespace: NAMESPACE, installation: INSTALLATION }

const EVIDENCE = {
  role: 'ledger',
  database: 'tally',
  serverVersion: '15.3',
  serverMajor: 15,
  snapshotAt: '2026-03-30T02:00:00.000Z',
  tables: 1,
  rows: '1',
  digest: 'd',
  schemaDigest: 's',
  archiveBytes: 1,
  sizeBytes: 4_000,
  writeCounter: '1',
  schemaFingerprint: 'f'.repeat(64),
  placement: 'e'.repeat(64),
}

const SET: BackupSet = {
  name: 'prod-20260330',
  namespace: NAMESPACE,
  release: 'prod',
  set: 'ledger/prod/20260330',
  store: { type: 'volume', claim: 'pawl' },
  status: {
    manifestSha256: 'm',
    rung: 'proven',
    databases: [EVIDENCE, { ...EVIDENCE, snapshotAt: '2026-03-01T02:00:00.000Z', sizeBytes: 1 }],
    product: { appVersion: '2026.2.9', chartVersion: '1.46.1', chartDigest: 'c' },
    takenAt: '2026-03-30T02:00:00.000Z',
    proofs: [],
    writers: [],
    targets: [],
  },
}

interface Deps extends StatusDeps {
  records: ReleaseRecords
}

async function statusOf(deps: Deps, request: StatusRequest): Promise<Status> {
  return await readStatus(deps, request, beginStatusReads(deps.cluster, deps.records, request))
}

function depsOf({ deps }: World): Deps {
  const { cluster, records, parseYaml, today, charts } = deps
  return { cluster, records, parseYaml, today, charts, profiles: [tally] }
}

const DAY = 24 * 3_600_000

test('status says what runs, by every witness, and makes nothing', async () => {
  const here = world()
  const status = await statusOf(depsOf(here), REQUEST)
  expect(status).toMatchObject({
    profile: 'tally',
    running: known('2026.2.9'),
    chart: { name: 'tally', version: '1.46.1' },
    helm: { revision: 3, status: 'deployed' },
    support: { state: 'supported', until: '2027-02-09' },
    newest: known('2026.3.9'),
    databases: known([{ role: 'ledger', database: 'tally', host: 'prod-postgresql', port: 5432 }]),
    lastProof: known('none'),
    unfinishedRun: known('none'),
    guard: known('not installed'),
    pods: known({ ready: 0, total: 1 }),
    initialised: true,
  })
  expect(here.tasks).toEqual([])
  expect(here.helmCalls).toEqual([])
})

test('the newest recovery that was carried through is that of whichever set it came back to', async () => {
  const here = world()
  const rehearsed = (name: string, at: string, seconds: number): BackupSet => {
    const proofs = [{ at, rung: 'rehearsed' as const, notCovered: [], rehearsal: { run: `of-${name}`, seconds } }]
    return { ...SET, name, status: { ...(SET.status as BackupSetStatus), proofs } }
  }
  expect((await statusOf(depsOf(here), REQUEST)).lastRehearsal).toEqual(known('none'))
  const sets = [rehearsed('older', '2026-03-31T02:00:00.000Z', 50), rehearsed('newer', '2026-03-30T02:00:00.000Z', 70)]
  for (const set of sets) here.cluster.seed(backupSetObject(set) as KubeObject)
  const last = { set: 'older', run: 'of-older', at: '2026-03-31T02:00:00.000Z', seconds: 50 }
  expect((await statusOf(depsOf(here), REQUEST)).lastRehearsal).toEqual(known(last))
})

test('what shows less than proven makes no last proof younger', async () => {
  const here = world()
  const proofs = [
    { at: '2026-03-30T02:00:00.000Z', rung: 'proven' as const, notCovered: [] },
    { at: '2026-03-31T02:00:00.000Z', rung: 'restored' as const, notCovered: [] },
  ]
  const set = { ...SET, status: { ...(SET.status as BackupSetStatus), proofs } }
  here.cluster.seed(backupSetObject(set) as KubeObject)
  expect((await statusOf(depsOf(here), REQUEST)).lastProof).toMatchObject({ value: { at: '2026-03-30T02:00:00.000Z' } })
})

test('few requests are made, whatever the size of the installation', async () => {
  const here = world()
  const deps = depsOf(here)
  let requests = 0
  deps.cluster = new Proxy(deps.cluster, {
    get(target, name: keyof StatusDeps['cluster']) {
      const value = target[name] as unknown
      if (typeof value !== 'function') return value
      requests += 1
      return (...args: unknown[]): unknown => Reflect.apply(value, target, args)
    },
  })
  await statusOf(deps, REQUEST)
  expect(requests).toBeLessThanOrEqual(8)
})

test.each([
  ['a pod of another image', (here: World) => seedPod(here.cluster, 'prod-tally-recorder', 'tally/recorder:2026.1.12')],
  [
    'a ConfigMap of another version',
    (here: World) => seedData(here.cluster, 'ConfigMap', 'prod-tally-ledger-api', { TALLY_VERSION: '2026.1.12' }),
  ],
  ['a ConfigMap that says nothing', (here: World) => seedData(here.cluster, 'ConfigMap', 'prod-tally-ledger-api', {})],
  [
    'a record that is not what runs',
    (here: World) => (here.history[0] = record({ chart: { ...record().chart, ...CHARTS.target } })),
  ],
])('with %s the running version is unknown', async (_, spoil) => {
  const here = world()
  spoil(here)
  const status = await statusOf(depsOf(here), REQUEST)
  expect(status.running.known).toBe(false)
})

test.each(['failed', 'pending-upgrade'] as const)(
  'after an upgrade that is %s, what was deployed is told',
  async (status) => {
    const here = world()
    const chart = { ...record().chart, ...CHARTS.target }
    here.history.unshift(record({ revision: 4, status, chart, config: {}, manifest: '' }))
    expect(await statusOf(depsOf(here), REQUEST)).toMatchObject({
      helm: { revision: 4, status },
      chart: { version: '1.46.1' },
      running: known('2026.2.9'),
      witnesses: [{ who: 'Helm record, revision 3' }, {}, {}],
      pods: known({ total: 1 }),
      support: { until: '2027-02-09' },
      package: { installed: known('2026.2.1') },
    })
  },
)

test('what cannot be read is unknown, and the rest is said all the same', async () => {
  const here = world()
  const deps = depsOf(here)
  const { list } = here.cluster
  here.cluster.list = async (query, signal) => {
    if (query.kind === 'BackupSet') throw new PawlError({ code: 'cluster-refused', message: 'may not list backupsets' })
    return await list.call(here.cluster, query, signal)
  }
  const { charts: _, ...withoutCharts } = deps
  const status = await statusOf(withoutCharts, REQUEST)
  expect(status.lastProof).toMatchObject({ known: false, code: 'cluster-refused' })
  expect(status.newest.known).toBe(false)
  expect(status.running).toEqual(known('2026.2.9'))
})

test('an unfinished run is named with the next command', async () => {
  const here = world()
  const at = '2026-04-01T08:00:00.000Z'
  const error = { code: 'migration-failed', message: 'm', hint: 'h', facts: {} } as const
  const run = {
    name: 'prod-1',
    namespace: NAMESPACE,
    createdAt: at,
    spec: { kind: 'upgrade', by: 'ada', plan: { release: 'prod' } } as RunSpec,
    events: [
      { seq: 0, at, fence: 1, event: 'created', phase: 'PONR', by: 'ada' },
      { seq: 1, at, fence: 1, event: 'parked', step: 'migrate', error, next: 'pawl recover prod -n ledger' },
    ] as const,
  }
  here.cluster.seed(runObject({ run: { ...run, events: [...run.events] }, fence: 1 }) as KubeObject)
  const { unfinishedRun } = await statusOf(depsOf(here), REQUEST)
  expect(unfinishedRun).toEqual(
    known({ name: 'prod-1', kind: 'upgrade', phase: 'PONR', parked: true, next: 'pawl recover prod -n ledger' }),
  )
})

test('features, package and the managers are told', async () => {
  const here = world()
  markFlux(here, true)
  const status = await statusOf(depsOf(here), REQUEST)
  expect(status.features).toEqual(known([{ name: 'assistant', on: false }]))
  expect(status.package?.installed).toEqual(known('2026.2.1'))
  expect(status.package?.newest.known).toBe(false)
  expect(status.managers).toMatchObject({ value: [{ tool: 'Flux', owner: 'flux-system/prod', state: 'suspended' }] })
})

test('without a record of Helm, Argo CD is named where its marks are', async () => {
  const here = world()
  here.history.length = 0
  await expect(statusOf(depsOf(here), REQUEST)).rejects.toMatchObject({
    code: 'release-not-found',
    facts: { release: 'prod', namespace: NAMESPACE },
  })
  here.cluster.seed({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: 'prod-tally-board',
      namespace: NAMESPACE,
      annotations: { 'argocd.argoproj.io/tracking-id': `books:apps/Deployment:${NAMESPACE}/prod-tally-board` },
    },
  })
  await expect(statusOf(depsOf(here), REQUEST)).rejects.toMatchObject({
    code: 'release-not-found',
    facts: { managedBy: 'Argo CD', owner: 'books' },
  })
})

test('databases are told as the last backup saw them, or as they are where somebody looks', async () => {
  const here = world()
  expect(await statusOf(depsOf(here), REQUEST)).toMatchObject({
    databases: { value: [{ role: 'ledger', seen: { known: false } }] },
  })
  here.cluster.seed(backupSetObject(SET) as KubeObject)
  expect(await statusOf(depsOf(here), REQUEST)).toMatchObject({
    databases: {
      value: [{ seen: { value: { at: '2026-03-30T02:00:00.000Z', serverVersion: '15.3', sizeBytes: 4_000 } } }],
    },
  })
  expect(here.tasks).toEqual([])
  const look: StatusDeps['look'] = async (profile, of) => await lookAtInstalled(here.deps, profile, of)
  expect(await statusOf({ ...depsOf(here), look }, REQUEST)).toMatchObject({
    databases: { value: [{ seen: { value: { serverVersion: '15.4', rights: { ownsDatabase: true } } } }] },
  })
  expect(here.tasks).toEqual(['observe', 'discard'])
})

test('a database that cannot be reached is unknown, with why', async () => {
  const here = world()
  const look = (): never => {
    throw new PawlError({ code: 'database-unreachable', message: 'connection refused' })
  }
  expect(await statusOf({ ...depsOf(here), look }, REQUEST)).toMatchObject({
    databases: { value: [{ role: 'ledger', seen: { known: false, why: 'connection refused' } }] },
  })
})

test('the profile is the named one, else the installation’s, else that of the chart', async () => {
  const here = world()
  const { installation: _, ...uninitialised } = REQUEST
  expect(await statusOf(depsOf(here), uninitialised)).toMatchObject({ profile: 'tally', initialised: false })
  await expect(statusOf(depsOf(here), { ...REQUEST, profile: 'other' })).rejects.toMatchObject({
    code: 'product-unknown',
  })
  here.history[0] = record({ chart: { ...record().chart, name: 'wordpress' } })
  await expect(statusOf(depsOf(here), uninitialised)).rejects.toMatchObject({ code: 'product-unknown' })
})

test('the schedule of the release is said with its next times, and sets the age a proof may have', async () => {
  const here = world()
  const deps: Deps = { ...depsOf(here), timetable: () => Promise.resolve(readTimetable) }
  expect(await statusOf(deps, REQUEST)).toMatchObject({ schedule: known('none'), proofLimitMs: 7 * DAY })
  const given = {
    release: 'prod',
    namespace: NAMESPACE,
    cron: '0 3 * * *',
    timeZone: 'Etc/UTC',
    what: 'backup',
  } as const
  for (const object of scheduleObjects(given, { image: 'i', imagePullSecrets: [] }))
    here.cluster.seed(object as KubeObject)
  here.cluster.seed(backupSetObject(SET) as KubeObject)
  const status = await statusOf(deps, REQUEST)
  expect(status).toMatchObject({
    proofLimitMs: 2 * DAY,
    lastBackup: { known: true, value: { set: SET.name, at: SET.status?.takenAt, rung: SET.status?.rung } },
    schedule: { known: true, value: { cron: '0 3 * * *', timetable: { known: true, value: { longestGapMs: DAY } } } },
  })
})
