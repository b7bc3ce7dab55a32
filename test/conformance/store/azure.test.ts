import { expect, test } from 'vitest'
import { azureStore } from '../../../src/adapters/store/azure/store.ts'
import { certainStore } from '../../../src/adapters/store/certain.ts'
import { secret } from '../../../src/core/secret.ts'
import { startAzure, type AzureService } from '../../support/azurite.ts'
import { codeOf, storeConformance } from './suite.ts'

let service: AzureService

async function open(more: { container?: string; prefix?: string; accountKey?: string } = {}) {
  const { account, endpoint } = service
  const { container = 'backups', prefix = 'team/pawl', accountKey = service.accountKey } = more
  const credentials = { accountKey: secret(accountKey) }
  return certainStore(await azureStore({ account, container, prefix, endpoint, credentials }))
}

storeConformance('azure', { tiny: false }, async () => {
  service = await startAzure(['backups'])
  return {
    open: () => open(),
    reopen: () => open(),
    unwritable: () => open({ accountKey: Buffer.from('canary-wrong').toString('base64') }),
    gone: () => open({ container: 'no-such-container' }),
    dispose: async () => await service.stop(),
  }
})

test('a wrong key and a missing container are told apart from a missing object', async () => {
  service = await startAzure(['backups'])
  try {
    const accountKey = Buffer.from('canary-wrong').toString('base64')
    expect(await codeOf((await open({ accountKey })).get('x'))).toBe('store-unreadable')
    expect(await codeOf((await open({ container: 'no-such-container' })).get('x'))).toBe('store-unreadable')
    expect(await codeOf((await open()).get('x'))).toBe('backup-damaged')
  } finally {
    await service.stop()
  }
})

test('a connection string and a shared access signature open the same container', async () => {
  service = await startAzure(['backups'])
  try {
    const { account, accountKey, endpoint } = service
    await (await open()).put('x', new Uint8Array(3))
    const connectionString = secret(
      `DefaultEndpointsProtocol=http;AccountName=${account};AccountKey=${accountKey};BlobEndpoint=${endpoint};`,
    )
    const sdk = await import('@azure/storage-blob')
    const key = new sdk.StorageSharedKeyCredential(account, accountKey)
    const permissions = sdk.AccountSASPermissions.parse('rwdlc')
    const sasToken = secret(
      sdk
        .generateAccountSASQueryParameters(
          { permissions, services: 'b', resourceTypes: 'co', expiresOn: new Date(Date.now() + 600_000) },
          key,
        )
        .toString(),
    )
    for (const credentials of [{ connectionString }, { sasToken }]) {
      const store = await azureStore({ account, endpoint, container: 'backups', prefix: 'team/pawl', credentials })
      expect((await store.list('')).map((object) => object.name)).toEqual(['x'])
      expect(store.where).not.toContain('sig=')
    }
  } finally {
    await service.stop()
  }
})
