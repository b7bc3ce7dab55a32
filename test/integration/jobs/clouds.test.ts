// Google's and Azure's stores, used from Jobs of the data image on a real cluster: looked at, backed up into, proven from.
import { mkdtemp, rm, writeFile, chmod } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { generateIdentity } from '../../../src/adapters/age/identity.ts'
import { jobDataPlane } from '../../../src/adapters/jobs/index.ts'
import { systemClock } from '../../../src/adapters/world/clock.ts'
import type { DatabaseTarget } from '../../../src/core/data/tasks.ts'
import type { StoreSpec } from '../../../src/core/store/spec.ts'
import type { DataPlane } from '../../../src/ports/dataplane.ts'
import { realCluster } from '../../conformance/cluster/real.ts'
import { startAzure, type AzureService } from '../../support/azurite.ts'
import { startGcs, type GcsService } from '../../support/fake-gcs.ts'
import { openLab } from '../../support/lab.ts'
import { startPostgres, SUPERUSER_PASSWORD, type TestServer } from '../../support/postgres.ts'

let real: Awaited<ReturnType<typeof realCluster>>
let plane: DataPlane
let server: TestServer
let gcs: GcsService
let azure: AzureService
let directory: string
let recipient: string
let database: DatabaseTarget

beforeAll(async () => {
  const lab = await openLab()
  const address = lab.cluster.nodeAddress
  directory = await mkdtemp(join(tmpdir(), 'pawl-clouds-'))
  await chmod(directory, 0o755)
  // Pods come from addresses of their own.
  const hba = join(directory, 'pg_hba.conf')
  await writeFile(hba, 'host all all 0.0.0.0/0 scram-sha-256\n')
  server = await startPostgres({ listen_addresses: `127.0.0.1,${address}`, hba_file: hba })
  await server.query('postgres', 'create database shop')
  await server.query(
    'shop',
    `create table migrations (name text); insert into migrations values ('one');
    create table orders as select i, md5(i::text) from generate_series(1, 1000) i`,
  )
  gcs = await startGcs(['backups'], address)
  azure = await startAzure(['backups'], { address })
  real = await realCluster()
  const { cluster, namespace } = real
  const identity = await generateIdentity()
  recipient = identity.recipient
  for (const [name, stringData] of Object.entries({
    admin: { password: SUPERUSER_PASSWORD },
    'azure-key': { accountKey: azure.accountKey },
    'pawl-identity': { identity: identity.identity },
  }))
    await cluster.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, stringData })
  plane = jobDataPlane({
    cluster,
    clock: systemClock(),
    namespace,
    image: () => lab.dataImage.replace('{major}', '15'),
  })
  database = {
    role: 'shop',
    host: address,
    port: server.port,
    database: 'shop',
    login: { user: server.superuser, password: { secret: 'admin', key: 'password' } },
    tls: 'disable',
    migrations: { table: 'public.migrations', column: 'name' },
  }
})

afterAll(async () => {
  await real?.cleanUp()
  await Promise.all([server?.stop(), gcs?.stop(), azure?.stop()])
  if (directory !== undefined) await rm(directory, { recursive: true, force: true })
})

async function goesThrough(name: string, store: StoreSpec): Promise<void> {
  const set = `ns/shop/${name}`
  const checked = await plane.run({ kind: 'check-store', store }, { id: `${name}-check` })
  expect(checked.createOnly).toBe(true)
  const backup = await plane.run(
    { kind: 'backup', databases: [database], recipients: [recipient], about: {}, set, store },
    { id: `${name}-backup`, serverMajor: 15 },
  )
  const identity = { secret: 'pawl-identity', key: 'identity' }
  const proof = await plane.run({ kind: 'prove', identity, set, store }, { id: `${name}-prove`, serverMajor: 15 })
  expect(proof).toMatchObject({ rung: 'proven', manifestSha256: backup.manifestSha256 })
  expect(proof.databases.map(({ rows }) => rows)).toEqual(['1001'])
}

test('Google', async () => {
  await goesThrough('gcs', { type: 'gcs', bucket: 'backups', prefix: 'p', endpoint: gcs.endpoint })
})

test('Azure', async () => {
  const { account, endpoint } = azure
  await goesThrough('azure', {
    type: 'azure',
    account,
    container: 'backups',
    prefix: 'p',
    endpoint,
    credentials: 'azure-key',
  })
})
