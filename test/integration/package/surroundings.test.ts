// What stands around a download: an authority of one's own, a proxy, another store, and the Helm release it is compared with.
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Doors } from '../../../src/apps/cli/session.ts'
import type { ReleaseRecord, ReleaseRecords } from '../../../src/ports/helm.ts'
import { FakeCluster } from '../../../src/testing/cluster/fake-cluster.ts'
import { startGoogle, type Google } from '../../support/google.ts'
import { ENCRYPTION_KEY, install, PROJECT, TENANT } from '../../support/packages.ts'
import { buildPawl, program } from '../../support/pawl.ts'
import { startWorld, type World } from './world.ts'

let world: World
let secure: Google
let work: string

beforeAll(async () => {
  await buildPawl()
  world = await startWorld()
  await world.offer('k8s', ['2026-6-12', '2026-7-16'])
  work = await mkdtemp(join(tmpdir(), 'pawl-test-around-'))
  const [key, cert] = [join(work, 'key'), join(work, 'cert')]
  const subject = [
    '-subj',
    '/CN=127.0.0.1',
    '-addext',
    'subjectAltName=IP:127.0.0.1,DNS:localhost',
    '-keyout',
    key,
    '-out',
    cert,
  ]
  await promisify(execFile)('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject])
  secure = await startGoogle(world.google.store, {
    key: await readFile(key, 'utf8'),
    cert: await readFile(cert, 'utf8'),
  })
  await install(join(work, 'installed'), 'k8s', { version: '2026.4.24', key: secure.account().json })
})
afterAll(async () => {
  await secure.stop()
  await world.stop()
  await rm(work, { recursive: true })
})

async function run(env: Record<string, string>): Promise<Record<string, unknown>> {
  const args = [program, 'package', 'list', '-d', join(work, 'installed'), '-o', 'json']
  const base = { PATH: process.env['PATH'] ?? '', HOME: work, STORAGE_EMULATOR_HOST: secure.endpoint }
  const stdout = await new Promise<string>((resolve) => {
    execFile(process.execPath, args, { env: { ...base, ...env } }, (_error, text) => resolve(text))
  })
  return JSON.parse(stdout) as Record<string, unknown>
}

test("a certificate of one's own authority is refused, with the way out, and taken where that is named", async () => {
  expect(await run({})).toMatchObject({
    error: { code: 'package-unreachable', hint: expect.stringContaining('NODE_EXTRA_CA_CERTS') },
  })
  const listed = await run({ NODE_EXTRA_CA_CERTS: join(work, 'cert') })
  expect(listed).toMatchObject({ packages: [{ version: '2026.6.12' }, { version: '2026.7.16', newest: true }] })
})

test('token and store are asked through HTTPS_PROXY', async () => {
  const asked: string[] = []
  const open = new Set<{ destroy(): unknown }>()
  const proxy = createServer()
  proxy.on('connect', ({ url = '' }, client) => {
    asked.push(url)
    open.add(client)
    const [host = '', port] = url.split(':')
    const upstream = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      upstream.pipe(client).pipe(upstream)
    })
    upstream.on('error', () => client.destroy())
    client.on('error', () => upstream.destroy())
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  const { port } = proxy.address() as AddressInfo
  const through = { NODE_EXTRA_CA_CERTS: join(work, 'cert'), HTTPS_PROXY: `http://127.0.0.1:${port}` }
  expect(await run(through)).toMatchObject({ packages: [{}, {}] })
  expect(asked.length).toBeGreaterThanOrEqual(2)
  expect(new Set(asked)).toEqual(new Set([new URL(secure.endpoint).host]))
  for (const client of open) client.destroy()
  await new Promise((resolve) => proxy.close(resolve))
})

test.each(['http://198.51.100.7:4443', 'storage.example.com', 'https://user:word@127.0.0.1'])(
  'a store %s would hear the token in the clear, and is not asked',
  async (host) => {
    expect(await run({ STORAGE_EMULATOR_HOST: host })).toMatchObject({ error: { code: 'input-invalid' } })
  },
)

/** Doors to a Helm release that runs with these values. */
function releaseWith(tenant: string, more: object = {}): Partial<Doors> {
  const record = {
    name: 'carto',
    namespace: 'default',
    status: 'deployed',
    chart: { name: 'carto', version: '1.253.2', appVersion: '2026.4.24', annotations: {}, values: {} },
    config: {
      cartoConfigValues: {
        selfHostedTenantId: tenant,
        selfHostedGcpProjectId: PROJECT,
        customerPackageVersion: '2026.6.12',
      },
      cartoSecrets: {
        encryptionSecretKey: { value: ENCRYPTION_KEY },
        defaultGoogleServiceAccount: { value: world.key },
      },
      ...more,
    },
  } as unknown as ReleaseRecord
  const records: Pick<ReleaseRecords, 'history'> = { history: () => Promise.resolve([record]) }
  const cluster = new FakeCluster()
  return { cluster: () => Promise.resolve(cluster), records: () => Promise.resolve(records as ReleaseRecords) }
}

test('from a release alone: its account asks, its package is the installed one', async () => {
  const { json } = await world.pawl(['list', '--release', 'carto'], releaseWith(TENANT))
  expect(json).toMatchObject({ installed: '2026.6.12', packages: [{ installed: true }, { newest: true }] })
})

test("against a release: what the operator's own values add is no change, another tenant's is refused", async () => {
  const directory = await world.installed('k8s')
  const args = ['diff', '-d', directory, '--release', 'carto']
  const own = await world.pawl(args, releaseWith(TENANT, { externalPostgresql: { host: 'db', password: 'canary' } }))
  expect([own.exitCode, own.json]).toMatchObject([
    0,
    { installed: '2026.6.12', refused: null, against: 'release carto' },
  ])
  expect(own.stdout).not.toMatch(/externalPostgresql|canary/)
  const other = await world.pawl(args, releaseWith('onp-harbour-43'))
  expect([other.exitCode, other.json['refused']]).toEqual([20, 'package-refused'])
  const download = await world.pawl(['download', '-d', directory, '--release', 'carto'], releaseWith('onp-harbour-43'))
  expect([download.exitCode, download.json['error']]).toMatchObject([20, { code: 'package-refused' }])
})

test('a release is of Helm: it does not go with Compose', async () => {
  const { exitCode, json } = await world.pawl(['list', '--release', 'carto', '-s', 'docker'])
  expect([exitCode, json['error']]).toMatchObject([64, { code: 'usage' }])
})
