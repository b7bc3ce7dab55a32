// CARTO with a PostgreSQL of the user's own over TLS and AI on, from 2025.9.11 on: what is refused, what passes once the database of the
// AI proxy keeps its name, and a migration that fails past the point of no return. Data work is done on this machine.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cartoPackage } from '../products/carto/build/customer-package.ts'
import {
  askServer,
  cartoCharts,
  cartoPawl,
  cartoPawlJson,
  customize,
  helmHistory,
  installCarto,
  lostRows,
  removeCarto,
  seedStatements,
  servingPods,
  usePackage,
  type Carto,
} from '../support/carto.ts'
import { objectsOf, rowsThrough, type Ask } from '../support/identical.ts'
import { openLab, type Lab } from '../support/lab.ts'
import { SUPERUSER_PASSWORD } from '../support/postgres.ts'
import { startTlsPostgres, type TlsServer } from '../support/postgres-tls.ts'
import { waitReady, witness } from '../support/tally.ts'

const NAMESPACE = 'e2e-carto-chain'
const where = ['mycarto', '-n', NAMESPACE]
const PASSWORD = 'carto-password-canary'
const DATABASES = { metadata: 'carto_workspace', aiproxy: 'llmproxy' }
let lab: Lab
let server: TlsServer
let ask: Ask
let carto: Carto
let store: string
let values: Record<string, unknown>

beforeAll(async () => {
  lab = await openLab()
  store = await mkdtemp(join(tmpdir(), 'pawl-e2e-carto-'))
  server = await startTlsPostgres(lab.cluster.nodeAddress)
  ask = askServer(server)
  await server.query('postgres', `CREATE ROLE carto_admin LOGIN PASSWORD '${PASSWORD}'`)
  // The one with the later name is there as well, and empty: nothing fails where the release goes to the wrong one.
  for (const database of [...Object.values(DATABASES), 'aiproxy'])
    await server.query('postgres', `CREATE DATABASE ${database} OWNER carto_admin`)
  values = {
    appConfigValues: { aiFeaturesEnabled: true },
    internalPostgresql: { enabled: false },
    externalPostgresql: {
      host: lab.cluster.nodeAddress,
      port: server.port,
      user: 'carto_admin',
      password: PASSWORD,
      database: DATABASES.metadata,
      // The product does without one; to restore beside the live database somebody has to make one.
      adminUser: server.superuser,
      adminPassword: SUPERUSER_PASSWORD,
      adminDatabase: 'postgres',
      sslEnabled: true,
      sslCA: server.ca,
    },
  }
  carto = await installCarto(lab, {
    namespace: NAMESPACE,
    release: 'mycarto',
    version: '2025.9.11',
    package: '2025.9.3',
    values,
  })
  await server.query(DATABASES.metadata, seedStatements(3_000, 'unlimited'))
  await cartoPawlJson(lab, [
    'init',
    ...where,
    '--charts',
    cartoCharts,
    '--data-image',
    lab.dataImage,
    '--store',
    `dir:${store}`,
  ])
})

afterAll(async () => {
  await removeCarto(lab, carto)
  await server.stop()
  await rm(store, { recursive: true, force: true })
})

interface Shown {
  state: {
    phase: string
    parked?: { step: string; next: string; error: { code: string } }
    ended?: { outcome: string }
    steps: Record<string, { evidence?: { databases?: { role: string; rows: string; digest: string }[] } }>
  }
}

const newestRun = async (): Promise<Shown> => await cartoPawlJson<Shown>(lab, ['runs', 'show', ...where])

interface Refusal {
  error: { code: string }
}

async function upgrade(to: string, today?: string): Promise<{ exitCode: number | null; code?: string; said: string }> {
  const result = await cartoPawl(
    lab,
    ['upgrade', ...where, '--to', to, ...carto.files, '--yes', '-o', 'json'],
    today === undefined ? {} : { env: { PAWL_TEST_TODAY: today } },
  )
  const last = JSON.parse(result.stdout.trim().split('\n').at(-1) ?? '{}') as Partial<Refusal>
  const code = last.error?.code
  return { exitCode: result.exitCode, said: result.stdout + result.stderr, ...(code === undefined ? {} : { code }) }
}

test('what runs, how long it is supported, and which databases it has', async () => {
  const status = await cartoPawlJson<{ running: unknown; databases: { value: { role: string; database: string }[] } }>(
    lab,
    ['status', ...where],
  )
  expect(status.running).toEqual({ known: true, value: '2025.9.11' })
  expect(Object.fromEntries(status.databases.value.map(({ role, database }) => [role, database]))).toEqual(DATABASES)
})

test('what is refused changes nothing: support that ended, a database under another name, an old package, another key', async () => {
  const before = await objectsOf(lab, NAMESPACE)
  expect(await upgrade('2025.11.11', '2026-11-23')).toMatchObject({ exitCode: 20, code: 'target-unsupported' })

  const renamed = await upgrade('2025.11.11')
  expect(renamed, renamed.said).toMatchObject({ exitCode: 20, code: 'gate-refused' })
  expect(renamed.said).toContain('aiproxy database: llmproxy -> aiproxy')

  await usePackage(carto, '2025.3.1')
  expect(await upgrade('2025.11.11')).toMatchObject({ exitCode: 20, code: 'package-too-old' })
  await usePackage(carto, '2025.9.3')
  expect(await upgrade('2026.4.24')).toMatchObject({ exitCode: 20, code: 'package-too-old' })

  const secrets = cartoPackage('2025.9.3')['carto-secrets.yaml']
  const otherKey = secrets.replace(/(encryptionSecretKey:\s+value: ).*/, '$1another-key')
  expect(otherKey).not.toBe(secrets)
  await customize(lab, carto, { ...values, externalPostgresql: keptName() }, '2025.11.11')
  await writeFile(join(carto.directory, 'carto-secrets.yaml'), otherKey)
  const changed = await upgrade('2025.11.11')
  expect(changed, changed.said).toMatchObject({ exitCode: 20, code: 'gate-refused' })
  expect(changed.said).toContain('cartoSecrets.encryptionSecretKey')
  expect(changed.said).not.toContain('another-key')
  await usePackage(carto, '2025.9.3')
  expect(await objectsOf(lab, NAMESPACE)).toEqual(before)
})

function keptName(): Record<string, unknown> {
  return { ...(values['externalPostgresql'] as Record<string, unknown>), aiProxyDatabaseName: DATABASES.aiproxy }
}

test('with aiProxyDatabaseName=llmproxy the upgrade passes, and the AI proxy finds its rows', async () => {
  await customize(lab, carto, { ...values, externalPostgresql: keptName() }, '2025.11.11')
  const result = await cartoPawl(lab, ['upgrade', ...where, '--to', '2025.11.11', ...carto.files, '--yes'])
  expect(result.exitCode, result.stdout + result.stderr).toBe(0)
  expect((await newestRun()).state.ended?.outcome).toBe('done')
  await waitReady(lab, NAMESPACE)
  expect(await servingPods(lab, carto)).toEqual({
    aiproxy: '2025.11.11',
    'import-worker': '2025.11.11',
    'maps-api': '2025.11.11',
    redis: '2025.11.11',
    router: '2025.11.11',
    'workspace-api': '2025.11.11 2025.11.11',
  })
  const { acknowledged, lost } = await lostRows(lab, carto, ask, DATABASES)
  expect(acknowledged).toBeGreaterThan(20)
  expect(lost).toEqual([])
  expect(await ask('aiproxy', "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")).toBe('0')
  expect((await witness(lab, NAMESPACE)).violations).toEqual([])
  const history = await helmHistory(lab, carto)
  expect(history[0]).toBe('carto-1.208.2 superseded')
  expect(history.at(-1)).toBe('carto-1.228.1 deployed')
})

test('a migration that fails past the point of no return: recover brings every row back', async () => {
  await usePackage(carto, '2026.4.5')
  const failed = await cartoPawl(lab, ['upgrade', ...where, '--to', '2026.4.24', ...carto.files, '--yes'])
  expect(failed.exitCode, failed.stdout + failed.stderr).toBe(30)
  const parked = await newestRun()
  expect(parked.state.phase).toBe('PONR')
  expect(parked.state.parked).toMatchObject({
    step: 'migrate',
    next: `pawl recover ${where.join(' ')}`,
    error: { code: 'migration-failed' },
  })
  // The first of its three migrations is committed: the database is on nobody's schema.
  expect(await ask(DATABASES.metadata, 'SELECT name FROM migrations ORDER BY name DESC LIMIT 1')).toBe(
    '/20260402100000-connection-owners',
  )
  const result = await cartoPawl(lab, ['recover', ...where, '--yes'])
  expect(result.exitCode, result.stdout + result.stderr).toBe(0)
  const recovery = await newestRun()
  expect(recovery.state.ended?.outcome).toBe('recovered')
  const digests = ({ state }: Shown, step: string): string[] =>
    (state.steps[step]?.evidence?.databases ?? [])
      .map(({ role, rows, digest }) => `${role} ${rows} ${digest}`)
      .toSorted()
  expect(digests(recovery, 'restore')).toEqual(digests(parked, 'backup'))
  expect(digests(recovery, 'restore')).toHaveLength(2)
  await waitReady(lab, NAMESPACE)
  expect((await servingPods(lab, carto))['workspace-api']).toBe('2025.11.11 2025.11.11')
  expect((await lostRows(lab, carto, ask, DATABASES)).lost).toEqual([])
  const rows = await rowsThrough(ask)
  expect(rows['carto_workspace public.maps']).toMatch(/^3000\//)
  expect(await ask(DATABASES.metadata, "SELECT row_limit FROM connections WHERE name = 'connection 7'")).toBe(
    'unlimited',
  )
  expect((await witness(lab, NAMESPACE)).violations).toEqual([])
  expect((await helmHistory(lab, carto)).at(-1)).toBe('carto-1.228.1 deployed')
})
