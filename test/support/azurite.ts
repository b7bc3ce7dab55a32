// A real server of Azure's blob API, for tests: Azurite, from npm.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BlobServiceClient, StorageSharedKeyCredential, type StoragePipelineOptions } from '@azure/storage-blob'
import { freePort, startService } from './service.ts'

export interface AzureService {
  /** With the account in it, as Azurite wants it. */
  endpoint: string
  account: string
  accountKey: string
  stop: () => Promise<void>
}

export interface AzureOptions {
  /** Where it listens; loopback where absent, which pods do not reach. */
  address?: string
  /** Directory with `cert.pem` and `key.pem`: it speaks HTTPS then. */
  tls?: string
}

export async function startAzure(containers: readonly string[], options: AzureOptions = {}): Promise<AzureService> {
  const { address = '127.0.0.1', tls } = options
  const port = await freePort()
  const [account, accountKey] = ['pawltest', Buffer.from('canary-Azure-33cc').toString('base64')]
  const place = await mkdtemp(join(tmpdir(), 'pawl-test-azure-'))
  const program = createRequire(import.meta.url).resolve('azurite/dist/src/blob/main.js')
  const plain = ['--silent', '--disableTelemetry', '--disableProductStyleUrl', '--skipApiVersionCheck']
  const secure = tls === undefined ? [] : ['--cert', join(tls, 'cert.pem'), '--key', join(tls, 'key.pem')]
  const scheme = tls === undefined ? 'http' : 'https'
  const stop = await startService(
    {
      program: process.execPath,
      args: [program, '--blobHost', address, '--blobPort', String(port), '--location', place, ...plain, ...secure],
      env: { AZURITE_ACCOUNTS: `${account}:${accountKey}` },
    },
    { address, port },
  )
  const endpoint = `${scheme}://${address}:${port}/${account}`
  const key = new StorageSharedKeyCredential(account, accountKey)
  // What it serves with is checked by the tests; here it is only asked to make containers.
  const trust = tls === undefined ? {} : { tlsOptions: { ca: await readFile(join(tls, 'cert.pem'), 'utf8') } }
  const service = new BlobServiceClient(endpoint, key, trust as StoragePipelineOptions)
  for (const name of containers) await service.createContainer(name)
  return {
    endpoint,
    account,
    accountKey,
    async stop() {
      await stop()
      await rm(place, { recursive: true, force: true })
    },
  }
}
