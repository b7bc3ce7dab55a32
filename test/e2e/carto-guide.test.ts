// The guide page "Upgrade CARTO", command by command, on an installation where every password and key is in a Secret of the user's own: AI on, the
// database outside over TLS, data work in Jobs, the package from a bucket.
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { generateIdentity } from '../../src/adapters/age/identity.ts'
import { cartoPackage } from '../products/carto/build/customer-package.ts'
import {
  askServer,
  cartoCharts,
  cartoPawl,
  existingDatabaseSecret,
  installCarto,
  lostRows,
  removeCarto,
  seedStatements,
  servingPods,
  type Carto,
} from '../support/carto.ts'
import { startGcs, type GcsService } from '../support/fake-gcs.ts'
import { startGoogle, type Google } from '../support/google.ts'
import { helm, kubectl, openLab, type Lab } from '../support/lab.ts'
import { BUCKET, objectName, upload } from '../support/packages.ts'
import { SUPERUSER_PASSWORD } from '../support/postgres.ts'
import { startTlsPostgres, type TlsServer } from '../support/postgres-tls.ts'
import { waitReady, witness } from '../support/tally.ts'
import { zipOf } from '../support/zip.ts'

const PASSWORD = 'existing-canary'
const DATABASES = { metadata: 'carto_workspace', aiproxy: 'aiproxy' }
const PAWLS = 'runs.pawl.dev,backupsets.pawl.dev,installations.pawl.dev'
let lab: Lab
let server: TlsServer
let carto: Carto
let bucket: GcsService
let google: Google

beforeAll(async () => {
  lab = await openLab()
  bucket = await startGcs([BUCKET])
  google = await startGoogle(bucket.endpoint)
  const files = Object.entries(cartoPackage('2026.7.5', 'existing'))
  const zip = zipOf(files.map(([name, text]) => ({ name, bytes: Buffer.from(text) })))
  await upload(bucket.endpoint, objectName('k8s', '2026-7-5'), zip)
  server = await startTlsPostgres(lab.cluster.nodeAddress)
  await server.query('postgres', `CREATE ROLE workspace_admin LOGIN PASSWORD '${PASSWORD}'`)
  for (const database of Object.values(DATABASES))
    await server.query('postgres', `CREATE DATABASE ${database} OWNER workspace_admin`)
  carto = await installCarto(lab, {
    namespace: 'carto',
    release: 'carto',
    version: '2026.4.24',
    package: '2026.4.5',
    existingSecrets: {
      password: PASSWORD,
      adminPassword: SUPERUSER_PASSWORD,
      serviceAccount: google.account().json,
    },
    values: {
      appConfigValues: { aiFeaturesEnabled: true },
      internalPostgresql: { enabled: false },
      externalPostgresql: {
        host: lab.cluster.nodeAddress,
        port: server.port,
        database: DATABASES.metadata,
        existingSecret: existingDatabaseSecret.name,
        existingSecretPasswordKey: existingDatabaseSecret.key,
        adminUser: server.superuser,
        adminDatabase: 'postgres',
        existingSecretAdminPasswordKey: existingDatabaseSecret.adminKey,
        sslEnabled: true,
        sslCA: server.ca,
      },
    },
  })
  await server.query(DATABASES.metadata, seedStatements(2_000))
})
afterAll(async () => {
  await removeCarto(lab, carto)
  await server.stop()
  await google.stop()
  await bucket.stop()
})

/** A command of the guide page, with the names and places of this installation for those of the page. */
function here(line: string, recipient: string): string[] {
  const files = Object.fromEntries(carto.files.map((file) => [basename(file), file]))
  return line.split(' ').map((word) => {
    if (word === 'https://helm.carto.com') return cartoCharts
    if (word === 'age1yourkey') return recipient
    if (word === '.') return carto.directory
    return files[word] ?? word
  })
}

test('every command of the guide page, in its order, with Jobs that log in over TLS with the Secret of the user', async () => {
  const page = await readFile(new URL('../../docs/guide/upgrade-carto.md', import.meta.url), 'utf8')
  const lines = [...page.matchAll(/^ {4}pawl (.*)$/gm)].map(([, line = '']) => line)
  const { recipient } = await generateIdentity()
  let said = ''
  for (const line of lines) {
    const args = [...here(line, recipient), ...(line.startsWith('init') ? ['--data-image', lab.dataImage] : [])]
    const [verb] = args
    if (verb === 'recover') await expectUpgraded()
    const asks = verb === 'upgrade' || verb === 'recover'
    const env = { STORAGE_EMULATOR_HOST: google.endpoint }
    const result = await cartoPawl(lab, asks ? [...args, '--yes'] : args, { env })
    expect(result.exitCode, `pawl ${line}\n${result.stdout}${result.stderr}`).toBe(0)
    said += result.stdout + result.stderr
  }
  expect(lines.map((line) => line.split(' ')[0])).toEqual(expect.arrayContaining(['plan', 'upgrade', 'recover']))
  await waitReady(lab, carto.namespace)
  expect(await servingPods(lab, carto)).toMatchObject({
    aiproxy: '2026.4.24',
    'workspace-api': '2026.4.24 2026.4.24',
  })
  const kept = await kubectl(lab, ['get', `${PAWLS},jobs,configmaps`, '-n', carto.namespace, '-o', 'yaml'])
  for (const text of [said, kept]) expect(text).not.toMatch(/existing-canary|canary-[0-9a-f]{16}/)
})

async function expectUpgraded(): Promise<void> {
  await waitReady(lab, carto.namespace)
  expect(await servingPods(lab, carto)).toMatchObject({
    aiproxy: '2026.7.16',
    'workspace-api': '2026.7.16 2026.7.16',
  })
  expect(await helm(lab, ['get', 'values', 'carto', '-n', 'carto'])).toContain('customerPackageVersion: 2026.7.5')
  const ask = askServer(server)
  const { acknowledged, lost } = await lostRows(lab, carto, ask, DATABASES)
  expect(acknowledged).toBeGreaterThan(10)
  expect(lost).toEqual([])
  expect(await ask(DATABASES.metadata, 'SELECT count(*) FROM maps WHERE title_words IS NOT NULL')).toBe('2000')
  expect((await witness(lab, carto.namespace)).violations).toEqual([])
}
