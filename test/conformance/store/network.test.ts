// Stores in a company's network: an authority of its own, a proxy, objects under lock. Each in the program that Jobs run.
import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { CreateBucketCommand, PutObjectLockConfigurationCommand, S3Client } from '@aws-sdk/client-s3'
import { beforeAll, expect, test } from 'vitest'
import { childProcesses } from '../../../src/adapters/process/processes.ts'
import { s3Store } from '../../../src/adapters/store/s3/store.ts'
import type { StoreSpec } from '../../../src/core/store/spec.ts'
import { secret } from '../../../src/core/secret.ts'
import { startAzure } from '../../support/azurite.ts'
import { startGcs } from '../../support/fake-gcs.ts'
import { startS3 } from '../../support/versitygw.ts'
import { codeOf } from './suite.ts'

const processes = childProcesses()
const PROGRAM = 'dist/data/pawl-data.js'

beforeAll(async () => {
  const built = await processes.run({ program: process.execPath, args: ['scripts/build.ts'] })
  if (built.exitCode !== 0) throw new Error(built.stderr)
})

/** Asks the bundled program to check a store; gives its last line, and all it wrote. */
async function check(store: StoreSpec, secrets: Record<string, string>, env: Record<string, string> = {}) {
  const root = await mkdtemp(join(tmpdir(), 'pawl-secrets-'))
  try {
    for (const [path, value] of Object.entries(secrets)) {
      await mkdir(dirname(join(root, path)), { recursive: true })
      await writeFile(join(root, path), value)
    }
    const task = JSON.stringify({ kind: 'check-store', store })
    const { stdout, stderr } = await processes.run({
      program: process.execPath,
      args: [PROGRAM],
      env: { PAWL_TASK: task, PAWL_SECRETS_DIR: root, ...env },
    })
    return { last: JSON.parse(stdout.trim().split('\n').at(-1) ?? 'null') as Record<string, unknown>, stdout, stderr }
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

const FINE = { t: 'result', result: { createOnly: true } }

test('the bundled program reaches Google and says nothing beside its lines', async () => {
  const gcs = await startGcs(['backups'])
  try {
    const { last, stderr } = await check({ type: 'gcs', bucket: 'backups', prefix: 'p', endpoint: gcs.endpoint }, {})
    expect(last).toMatchObject(FINE)
    expect(stderr).toBe('')
  } finally {
    await gcs.stop()
  }
})

test("Azure behind a company's own authority: refused without it, reached with it, a quota is counted", async () => {
  const tls = await mkdtemp(join(tmpdir(), 'pawl-tls-'))
  const made = await processes.run({
    program: 'openssl',
    args: ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=pawl-test']
      .concat(['-addext', 'subjectAltName=IP:127.0.0.1'])
      .concat(['-keyout', join(tls, 'key.pem'), '-out', join(tls, 'cert.pem')]),
  })
  if (made.exitCode !== 0) throw new Error(made.stderr)
  const azure = await startAzure(['backups'], { tls })
  try {
    const { account, accountKey, endpoint } = azure
    const plain = { type: 'azure', account, container: 'backups', prefix: '', endpoint, credentials: 'key' } as const
    const key = { 'key/accountKey': accountKey }
    const refused = await check(plain, key)
    expect(refused.last).toMatchObject({ t: 'error', report: { code: 'store-unwritable' } })
    expect(refused.stdout + refused.stderr).not.toContain(accountKey)
    const ca = { 'company/ca.crt': await readFile(join(tls, 'cert.pem'), 'utf8') }
    const reached = await check({ ...plain, ca: 'company', quotaBytes: 5000 }, { ...key, ...ca })
    expect(reached.last).toMatchObject({ t: 'result', result: { createOnly: true, freeBytes: 5000 } })
    const none = await check({ ...plain, ca: 'company' }, { ...key, 'company/ca.crt': 'canary, no certificate' })
    expect(none.last).toMatchObject({ t: 'error', report: { code: 'input-invalid' } })
    expect(none.stdout).not.toContain('canary')
  } finally {
    await azure.stop()
    await rm(tls, { recursive: true, force: true })
  }
})

test('S3 through a proxy: every request passes it', async () => {
  const s3 = await startS3(['backups'])
  const seen: string[] = []
  const proxy = createServer((incoming, outgoing) => {
    seen.push(`${incoming.method} ${incoming.url}`)
    const onward = httpRequest(incoming.url ?? '', { method: incoming.method, headers: incoming.headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    incoming.pipe(onward)
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  try {
    const { endpoint, accessKeyId, secretAccessKey } = s3
    const store = { type: 's3', bucket: 'backups', prefix: '', endpoint, credentials: 'key' } as const
    const keys = { 'key/accessKeyId': accessKeyId, 'key/secretAccessKey': secretAccessKey }
    const proxyUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    const { last } = await check(store, keys, { HTTP_PROXY: proxyUrl, NO_PROXY: '' })
    expect(last).toMatchObject(FINE)
    expect(seen.filter((line) => line.startsWith('PUT ')).length).toBeGreaterThanOrEqual(1)
    expect(seen.some((line) => line.startsWith('GET '))).toBe(true)
  } finally {
    await new Promise((resolve) => proxy.close(resolve).closeAllConnections())
    await s3.stop()
  }
})

test.each<StoreSpec>([
  { type: 's3', bucket: 'none', prefix: '', endpoint: 'https://127.0.0.1:9' },
  { type: 'azure', account: 'none', container: 'none', prefix: '', endpoint: 'https://127.0.0.1:9' },
])('$type without any credentials and without an answer is said as such', async (store) => {
  const { last } = await check(store, {})
  expect(last).toMatchObject({ t: 'error', report: { code: 'store-unwritable' } })
})

test('an object under lock is not removed, and it is said that the store keeps it', async () => {
  const s3 = await startS3([])
  try {
    const { endpoint, accessKeyId, secretAccessKey } = s3
    const client = new S3Client({
      endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId, secretAccessKey },
    })
    await client.send(new CreateBucketCommand({ Bucket: 'locked', ObjectLockEnabledForBucket: true }))
    await client.send(
      new PutObjectLockConfigurationCommand({
        Bucket: 'locked',
        ObjectLockConfiguration: {
          ObjectLockEnabled: 'Enabled',
          Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 1 } },
        },
      }),
    )
    const credentials = { accessKeyId: secret(accessKeyId), secretAccessKey: secret(secretAccessKey) }
    const store = await s3Store({ bucket: 'locked', prefix: '', endpoint, credentials })
    await store.put('kept', new Uint8Array(3))
    expect(await codeOf(store.remove('kept'))).toBe('store-locked')
    expect((await store.head('kept'))?.sizeBytes).toBe(3)
    const keys = { 'key/accessKeyId': accessKeyId, 'key/secretAccessKey': secretAccessKey }
    const checked = await check({ type: 's3', bucket: 'locked', prefix: '', endpoint, credentials: 'key' }, keys)
    expect(checked.last).toMatchObject({ t: 'result', result: { createOnly: true, locks: true } })
  } finally {
    await s3.stop()
  }
})
