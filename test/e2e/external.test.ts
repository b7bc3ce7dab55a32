// An external PostgreSQL that this machine reaches: data work is done here, archives go to a directory here, no Job runs.
// The same installation then keeps its backups in S3, through Jobs.
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { getJson, kubectl, openLab, type Lab } from '../support/lab.ts'
import { pawl, pawlJson } from '../support/pawl.ts'
import { startCrane } from '../support/crane.ts'
import { startProxy } from '../../src/testing/proxy.ts'
import { startPostgres, SUPERUSER_PASSWORD, type TestServer } from '../support/postgres.ts'
import { acknowledgedIds, installTally, removeTally, waitReady, witness, type Tally } from '../support/tally.ts'
import { startS3, type S3Service } from '../support/versitygw.ts'

const NAMESPACE = 'e2e-external'
const where = ['shop', '-n', NAMESPACE]
const PASSWORD = 'external-password-canary'
let lab: Lab
let tally: Tally
let server: TestServer
let s3: S3Service
let directory: string

beforeAll(async () => {
  lab = await openLab()
  directory = await mkdtemp(join(tmpdir(), 'pawl-e2e-store-'))
  const hba = join(directory, 'hba.conf')
  await chmod(directory, 0o755)
  await writeFile(hba, 'host all all 0.0.0.0/0 scram-sha-256\n', { mode: 0o644 })
  server = await startPostgres({ listen_addresses: `127.0.0.1,${lab.cluster.nodeAddress}`, hba_file: hba })
  await server.query('postgres', `CREATE ROLE tally_admin LOGIN PASSWORD '${PASSWORD}'`)
  for (const database of ['tally', 'assist'])
    await server.query('postgres', `CREATE DATABASE ${database} OWNER tally_admin`)
  tally = await installTally(lab, {
    namespace: NAMESPACE,
    release: 'shop',
    version: '2026.1.12',
    values: {
      internalPostgresql: { enabled: false },
      externalPostgresql: {
        host: lab.cluster.nodeAddress,
        port: server.port,
        user: 'tally_admin',
        password: PASSWORD,
        database: 'tally',
        adminUser: server.superuser,
        adminPassword: SUPERUSER_PASSWORD,
        adminDatabase: 'postgres',
      },
    },
  })
  s3 = await startS3(['backups'], { address: lab.cluster.nodeAddress })
  await pawlJson(lab, [
    'init',
    ...where,
    '--charts',
    lab.charts,
    '--data-image',
    lab.dataImage,
    '--store',
    `dir:${directory}/store`,
  ])
})

afterAll(async () => {
  await removeTally(lab, tally)
  await s3.stop()
  await server.stop()
  await rm(directory, { recursive: true, force: true })
})

interface Shown {
  state: {
    ended?: { outcome: string }
    steps: Record<string, { evidence?: { databases?: { role: string; digest: string }[] } }>
  }
}

/** Of everything that was acknowledged until now, where nothing else is asked for. */
async function lost(asked?: readonly number[]): Promise<number[]> {
  const ids = asked ?? (await acknowledgedIds(lab, NAMESPACE))
  const rows = await server.query('tally', 'SELECT id FROM deliveries')
  const present = new Set(rows.map(({ id }) => Number(id)))
  return ids.filter((id) => !present.has(id))
}

function digestsOf(shown: Shown, step: string): string[] {
  return (shown.state.steps[step]?.evidence?.databases ?? []).map(({ role, digest }) => `${role} ${digest}`).toSorted()
}

test('an upgrade whose data work is done on this machine, and which spares its source where somebody accepts that by name', async () => {
  const files = tally.valuesFiles.flatMap((file) => ['-f', file])
  const upgrade = ['upgrade', ...where, '--to', '2026.2.9', ...files, '--source-load', 'low', '--yes']
  expect((await pawl(lab, upgrade)).exitCode).toBe(21)
  const result = await pawl(lab, [...upgrade, '--accept', 'backup-proven'])
  expect(result.exitCode, result.stdout + result.stderr).toBe(0)
  expect((await pawl(lab, ['runs', 'show', ...where])).stdout).toMatch(/accepted backup-proven by /)
  expect(await lost()).toEqual([])
  expect((await witness(lab, NAMESPACE)).violations).toEqual([])
  const jobs = await getJson<{ items: unknown[] }>(lab, ['jobs', '-n', NAMESPACE, '-l', 'pawl.dev/op'])
  expect(jobs.items).toEqual([])
  const stored = await readdir(join(directory, 'store'), { recursive: true })
  expect(stored.filter((name) => name.endsWith('.age')).length).toBeGreaterThan(10)
  expect(stored.filter((name) => name.endsWith('manifest.json'))).toHaveLength(1)
})

test('and the way back from it: the databases of before the upgrade, the release of before', async () => {
  const upgrade = await pawlJson<Shown>(lab, ['runs', 'show', ...where])
  const result = await pawl(lab, ['recover', ...where, '--yes'])
  expect(result.exitCode, result.stdout + result.stderr).toBe(0)
  const recovery = await pawlJson<Shown>(lab, ['runs', 'show', ...where])
  expect(digestsOf(recovery, 'restore')).toEqual(digestsOf(upgrade, 'backup'))
  await waitReady(lab, NAMESPACE)
  const owners = await server.query(
    'postgres',
    "SELECT datname, pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname IN ('tally', 'assist') ORDER BY 1",
  )
  expect(owners).toEqual([
    { datname: 'assist', owner: 'tally_admin' },
    { datname: 'tally', owner: 'tally_admin' },
  ])
})

interface Staged extends Shown {
  state: Shown['state'] & { steps: Record<string, { evidence?: { from?: string; exchangedInMs?: number } }> }
}

test("a staged upgrade that went wrong: the proof's copies take the live names, in milliseconds, and not a row is lost", async () => {
  const files = tally.valuesFiles.flatMap((file) => ['-f', file])
  const staged = ['--recovery', 'staged', '--server-room', '50G']
  // What was written between the first upgrade and its recovery is gone, as that recovery had said.
  const gone = new Set(await lost())
  const acknowledged = (await acknowledgedIds(lab, NAMESPACE)).filter((id) => !gone.has(id))
  const upgraded = await pawl(lab, ['upgrade', ...where, '--to', '2026.2.9', ...files, ...staged, '--yes'])
  expect(upgraded.exitCode, upgraded.stdout + upgraded.stderr).toBe(0)
  const before = await pawlJson<Shown>(lab, ['runs', 'show', ...where])
  const status = await pawlJson<{ staged: { value: { databases: string[] }[] } }>(lab, ['status', ...where])
  expect(status.staged.value.flatMap(({ databases }) => databases)).toHaveLength(2)
  expect(await lost(acknowledged)).toEqual([])
  await server.query('tally', 'DROP TABLE deliveries CASCADE')
  const result = await pawl(lab, ['recover', ...where, '--yes'])
  expect(result.exitCode, result.stdout + result.stderr).toBe(0)
  const recovery = await pawlJson<Staged>(lab, ['runs', 'show', ...where])
  expect(recovery.state.steps['restore']?.evidence?.from).toBe('staged')
  const ms = recovery.state.steps['swap']?.evidence?.exchangedInMs
  console.log(`staged recovery: names of 2 databases exchanged in ${ms} ms`)
  expect(ms).toBeLessThan(1_000)
  expect(acknowledged.length).toBeGreaterThan(0)
  expect(await lost(acknowledged)).toEqual([])
  await waitReady(lab, NAMESPACE)
  const after = await pawlJson<{ staged: { value: unknown[] } }>(lab, ['status', ...where])
  expect(after.staged.value).toEqual([])
  expect(digestsOf(recovery, 'restore')).toEqual(digestsOf(before, 'backup'))
  const names = await server.query('postgres', "SELECT datname FROM pg_database WHERE datname LIKE '%pawl_set%'")
  expect(names).toEqual([])
})

test('a backup with images beside running writers, in S3 by a Job, is listed, proven again, and holds no readable secret', async () => {
  const key = [`--from-literal=accessKeyId=${s3.accessKeyId}`, `--from-literal=secretAccessKey=${s3.secretAccessKey}`]
  await kubectl(lab, ['create', 'secret', 'generic', 's3-key', '-n', NAMESPACE, ...key])
  await pawlJson(lab, [
    'init',
    ...where,
    '--store',
    `s3://backups/shop`,
    '--store-endpoint',
    s3.endpoint,
    '--store-credentials',
    's3-key',
  ])
  // The registry listens on this machine's loopback: from a pod only the proxy leads there.
  const proxy = await startProxy(lab.cluster.nodeAddress)
  const images = ['--images', 'nodes', '--registry-proxy', proxy.url]
  const result = await pawl(lab, ['backup', 'create', ...where, ...images])
  proxy.stop()
  expect(result.exitCode, result.stdout + result.stderr).toBe(0)
  expect(new Set(proxy.asked)).toEqual(new Set([lab.cluster.registry]))
  const sets = await pawlJson<{ name: string; status: { rung: string; proofs: unknown[] } }[]>(lab, [
    'backup',
    'list',
    ...where,
  ])
  expect(sets.map(({ status }) => status.rung)).toEqual(['restored+', 'proven', 'proven'])
  const again = await pawlJson<{ rung: string }>(lab, ['backup', 'prove', ...where, sets.at(-1)?.name ?? ''])
  expect(again.rung).toBe('proven')
  await imagesComeBack()
  const log = result.stdout + result.stderr
  for (const canary of [PASSWORD, SUPERUSER_PASSWORD, s3.secretAccessKey]) expect(log).not.toContain(canary)
})

/** Into an empty registry, under the digests that the nodes reported. */
async function imagesComeBack(): Promise<void> {
  const pods = await getJson<{ items: { status: { containerStatuses?: { imageID: string }[] } }[] }>(lab, [
    'pods',
    '-n',
    NAMESPACE,
  ])
  const ran = pods.items.flatMap(({ status }) =>
    (status.containerStatuses ?? []).map(({ imageID }) => imageID.split('@')[1]),
  )
  const rescue = await startCrane()
  try {
    const to = ['--to', `oci://${rescue.host}/rescue`]
    const { images } = await pawlJson<{ images: { digest: string; as: string }[] }>(lab, [
      'backup',
      'images',
      ...where,
      ...to,
    ])
    const own = images.filter(({ digest }) => ran.includes(digest))
    expect(own.length).toBeGreaterThan(2)
    for (const { digest, as } of images) expect(await rescue.crane('digest', as)).toBe(digest)
  } finally {
    rescue.stop()
  }
}
