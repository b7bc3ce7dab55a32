import { expect, test } from 'vitest'
import type { StagedCopies } from '../../../src/core/backup/staged.ts'
import type { DatabaseEvidence, Rung } from '../../../src/core/data/tasks.ts'
import { PawlError } from '../../../src/core/errors.ts'
import type { PlannedDatabase, ProductRelease, Writer } from '../../../src/core/plan/plan.ts'
import { backupSetObject, runObject, type Refutation } from '../../../src/core/resources.ts'
import type { Phase, RunEvent, RunSpec } from '../../../src/core/run/run.ts'
import type { KubeObject } from '../../../src/ports/cluster.ts'
import { planRecovery } from '../../../src/steps/preflight/recovery.ts'
import { planBackup } from '../../../src/steps/preflight/backup.ts'
import { INSTALLATION, NAMESPACE, seedData, workload, world } from './world.ts'
import type { World } from './world.ts'

const REQUEST = { release: 'prod', namespace: NAMESPACE, installation: INSTALLATION }
const OF: ProductRelease = { appVersion: '2026.2.9', chartVersion: '1.46.1', chartDigest: 'a' }

const TARGET: PlannedDatabase = {
  target: {
    role: 'ledger',
    host: 'prod-postgresql',
    port: 5432,
    database: 'tally',
    login: { user: 'tally_admin', password: { secret: 'prod-postgresql', key: 'password' } },
    tls: 'disable',
    migrations: { table: 'public.migrations', column: 'name' },
  },
  serverMajor: 15,
  sizeBytes: 1,
  migrator: { kind: 'init-container', deployment: 'prod-tally-ledger-api', container: 'ledger-migrations' },
}

const EVIDENCE: DatabaseEvidence = {
  role: 'ledger',
  database: 'tally',
  serverVersion: '15.4',
  serverMajor: 15,
  snapshotAt: '2026-04-01T08:00:00.000Z',
  tables: 9,
  rows: '1000',
  digest: 'd1',
  schemaDigest: 's1',
  archiveBytes: 10,
  sizeBytes: 100,
  writeCounter: '4000',
  schemaFingerprint: 'f',
  placement: 'p',
  migrations: ['1', '20260205100000-insurance'],
}

interface SetFacts {
  takenAt?: string
  rung?: Rung
  run?: string
  writers?: Writer[]
  staged?: StagedCopies
  refuted?: Refutation
}

function seedSet(
  here: World,
  name: string,
  { takenAt = EVIDENCE.snapshotAt, rung = 'proven', run, writers = [], staged, refuted }: SetFacts = {},
): void {
  const set = {
    name,
    namespace: NAMESPACE,
    release: 'prod',
    set: `ledger/prod/${name}`,
    store: INSTALLATION.store,
    ...(run === undefined ? {} : { run }),
    status: {
      manifestSha256: 'm',
      rung,
      ...(staged === undefined ? {} : { staged }),
      ...(refuted === undefined ? {} : { refuted }),
      databases: [EVIDENCE],
      product: OF,
      takenAt,
      releaseFiles: 'f',
      proofs: [],
      writers,
      targets: [TARGET],
    },
  }
  here.cluster.seed(backupSetObject(set) as KubeObject)
}

function seedRun(here: World, name: string, kind: 'upgrade' | 'backup', phase: Phase, ended = false, plan = {}): void {
  const at = '2026-04-01T08:00:00.000Z'
  const events: RunEvent[] = [{ seq: 0, at, fence: 1, event: 'created', phase, by: 'ada' }]
  if (ended) events.push({ seq: 1, at, fence: 1, event: 'ended', outcome: 'done' })
  const spec = { kind, by: 'ada', plan: { release: 'prod', accepted: [], ...plan } } as unknown as RunSpec
  here.cluster.seed(
    runObject({ run: { name, namespace: NAMESPACE, spec, createdAt: at, events }, fence: 1, phase }) as KubeObject,
  )
}

test('a recovery comes back to the set of the upgrade that broke, and says what is lost', async () => {
  const here = world()
  seedSet(here, 'of-upgrade', {
    run: 'up-2',
    writers: [{ deployment: 'prod-tally-recorder', replicas: 3, scaledBy: 'kubectl' }],
  })
  seedSet(here, 'later', { takenAt: '2026-04-01T08:30:00.000Z' })
  seedRun(here, 'up-2', 'upgrade', 'PONR')
  const plan = await planRecovery(here.deps, REQUEST)
  expect(plan).toMatchObject({
    set: 'of-upgrade',
    of: 'up-2',
    to: OF,
    digests: { ledger: 'd1' },
    lastMigrations: { ledger: '20260205100000-insurance' },
    loss: { rowChanges: '1000', since: EVIDENCE.snapshotAt },
    databases: [{ target: { role: 'ledger' }, serverMajor: 15, sizeBytes: 100 }],
  })
  expect(plan.hash).toMatch(/^[0-9a-f]{64}$/)
  expect(here.tasks).toEqual(['observe', 'discard'])
})

test('where the set of the upgrade that broke was found damaged, a person says which older one it is to be', async () => {
  const here = world()
  const refuted = { at: '2026-04-01T08:20:00.000Z', why: 'other bytes', by: 'prove' }
  seedSet(here, 'of-upgrade', { run: 'up-2', rung: 'archived', refuted })
  seedSet(here, 'before', { takenAt: '2026-03-01T08:30:00.000Z' })
  seedRun(here, 'up-2', 'upgrade', 'PONR')
  await expect(planRecovery(here.deps, REQUEST)).rejects.toMatchObject({ code: 'backup-damaged' })
  expect((await planRecovery(here.deps, { ...REQUEST, set: 'before' })).set).toBe('before')
})

test.each([
  ['unfinished', false, 'up-2'],
  ['finished', true, undefined],
] as const)('an older set, named, takes an upgrade along that is %s', async (_, ended, of) => {
  const here = world()
  seedSet(here, 'of-upgrade', { run: 'up-2' })
  seedSet(here, 'before', { takenAt: '2026-03-01T08:30:00.000Z' })
  seedRun(here, 'up-2', 'upgrade', 'PONR', ended)
  const plan = await planRecovery(here.deps, { ...REQUEST, set: 'before' })
  // Before that upgrade stopped the writers they had written into what this set does not have.
  expect([plan.of, plan.loss.served]).toEqual([of, true])
  expect((await planRecovery(here.deps, { ...REQUEST, set: 'of-upgrade' })).loss.served).toBe(ended)
})

test('afterwards runs what ran at the time of the backup; what the set did not know gets nothing', async () => {
  const here = world()
  here.cluster.seed(workload('prod-tally-newcomer', 'x:1'))
  seedSet(here, 's', {
    writers: [
      { deployment: 'prod-tally-recorder', replicas: 3 },
      { deployment: 'gone', replicas: 1 },
    ],
  })
  expect((await planRecovery(here.deps, REQUEST)).writers).toEqual([
    { deployment: 'gone', replicas: 1 },
    { deployment: 'prod-tally-ledger-api', replicas: 0 },
    { deployment: 'prod-tally-newcomer', replicas: 0 },
    { deployment: 'prod-tally-recorder', replicas: 3 },
  ])
})

test('a set that remembers no writers gives back what runs now', async () => {
  const here = world()
  seedSet(here, 's')
  expect((await planRecovery(here.deps, REQUEST)).writers.map(({ replicas }) => replicas)).toEqual([2, 2])
})

test('without an upgrade the newest proven set counts; a named one counts however far it is proven', async () => {
  const here = world()
  seedSet(here, 'old', { takenAt: '2026-03-01T00:00:00.000Z' })
  seedSet(here, 'new', { takenAt: '2026-03-02T00:00:00.000Z' })
  seedSet(here, 'unproven', { takenAt: '2026-03-03T00:00:00.000Z', rung: 'archived' })
  expect((await planRecovery(here.deps, REQUEST)).set).toBe('new')
  expect((await planRecovery(here.deps, { ...REQUEST, set: 'unproven' })).set).toBe('unproven')
  await expect(planRecovery(here.deps, { ...REQUEST, set: 'nothing' })).rejects.toMatchObject({
    code: 'backup-not-found',
  })
})

test.each([
  ['unfinished', false],
  ['finished', true],
])('a set that reached restored+ is the way back from the %s upgrade that was let rest on it', async (_, ended) => {
  const here = world()
  seedSet(here, 'proven', { takenAt: '2026-03-01T00:00:00.000Z' })
  seedSet(here, 'of-upgrade', { rung: 'restored+', run: 'up-2' })
  seedSet(here, 'later', { rung: 'restored+', takenAt: '2026-04-01T08:30:00.000Z', run: 'by-the-clock' })
  const accepted = [{ gate: 'backup-proven', by: 'ada', at: EVIDENCE.snapshotAt, evidence: '' }]
  seedRun(here, 'up-2', 'upgrade', 'PONR', ended, { sourceLoad: 'low', accepted })
  expect(await planRecovery(here.deps, REQUEST)).toMatchObject({ set: 'of-upgrade', of: 'up-2' })
})

test('without that word it is not', async () => {
  const here = world()
  seedSet(here, 'proven', { takenAt: '2026-03-01T00:00:00.000Z' })
  seedSet(here, 'of-upgrade', { rung: 'restored+', run: 'up-2' })
  seedRun(here, 'up-2', 'upgrade', 'PONR', false, { sourceLoad: 'low' })
  expect((await planRecovery(here.deps, REQUEST)).set).toBe('proven')
})

test('copies of the set that stand beside the databases are what a recovery goes by, unless it is told not to', async () => {
  const here = world()
  const staged = { suffix: '__pawl_set_a', at: EVIDENCE.snapshotAt, copies: [] }
  seedSet(here, 'a', { staged })
  const plan = await planRecovery(here.deps, REQUEST)
  expect(plan.staged).toEqual(staged)
  const other = await planRecovery(here.deps, { ...REQUEST, fromStore: true })
  expect(other.staged).toBeUndefined()
  expect(other.hash).not.toBe(plan.hash)
})

test('with nothing proven there is nothing to come back to', async () => {
  const here = world()
  seedSet(here, 'unproven', { rung: 'archived' })
  await expect(planRecovery(here.deps, REQUEST)).rejects.toMatchObject({ code: 'backup-not-found' })
})

test.each([
  ['an upgrade that changed no schema', 'upgrade', 'QUIESCED'],
  ['a backup', 'backup', 'PLANNED'],
] as const)('%s that is unfinished is ended first', async (_, kind, phase) => {
  const here = world()
  seedSet(here, 's')
  seedRun(here, 'r-1', kind, phase)
  await expect(planRecovery(here.deps, REQUEST)).rejects.toMatchObject({ code: 'run-unfinished' })
})

test('a counter that went back, or a database that does not answer, makes the loss unknown and stops nothing', async () => {
  const here = world()
  seedSet(here, 's')
  here.observations[0] = { ...here.observations[0]!, writeCounter: '12' }
  expect((await planRecovery(here.deps, REQUEST)).loss.rowChanges).toBe('unknown')
  here.deps.dataPlane.run = () => Promise.reject(new PawlError({ code: 'database-unreachable', message: 'down' }))
  expect((await planRecovery(here.deps, REQUEST)).loss.rowChanges).toBe('unknown')
})

test('the hash of a recovery is bound to the set, not to what was written meanwhile', async () => {
  const here = world()
  seedSet(here, 's')
  const { hash } = await planRecovery(here.deps, REQUEST)
  here.observations[0] = { ...here.observations[0]!, writeCounter: '9999' }
  expect((await planRecovery(here.deps, REQUEST)).hash).toBe(hash)
  seedSet(here, 't', { takenAt: '2026-04-01T08:59:00.000Z' })
  expect((await planRecovery(here.deps, REQUEST)).hash).not.toBe(hash)
})

test('a backup is planned from what is installed', async () => {
  const here = world()
  const { plan, files } = await planBackup(here.deps, { ...REQUEST, prove: true })
  expect(plan).toMatchObject({
    of: { appVersion: '2026.2.9', chartVersion: '1.46.1' },
    prove: true,
    databases: [{ serverMajor: 15 }],
  })
  expect(Object.keys(files)).toContain('from-chart.tgz')
  expect(here.helmCalls).toEqual([])
})

test('a backup is refused, before any task, where it could not be kept or is not known what to back up', async () => {
  const here = world()
  seedData(here.cluster, 'Secret', 'pawl-identity', {})
  await expect(planBackup(here.deps, { ...REQUEST, prove: true })).rejects.toMatchObject({ code: 'not-initialised' })
  expect(here.tasks).toEqual([])
})
