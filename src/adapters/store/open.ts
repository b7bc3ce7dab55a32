// Opens the store a task names. The SDK of a cloud is loaded only when that cloud is used.
import { isPawlError, PawlError } from '../../core/errors.ts'
import type { Secret } from '../../core/secret.ts'
import type { RemoteStoreSpec, StoreSpec } from '../../core/store/spec.ts'
import type { Secrets } from '../../ports/secrets.ts'
import type { ObjectStore } from '../../ports/store.ts'
import type { AzureCredentials } from './azure/store.ts'
import { certainStore } from './certain.ts'
import { fileStore } from './file/store.ts'
import { proxyAgents, trustAlso } from './network.ts'
import { withQuota } from './quota.ts'

export interface StoreOptions {
  /** Where a `volume` store is mounted. */
  volumePath: string
  secrets: Secrets
  /** For what the SDKs do not read by themselves: proxies. */
  env: NodeJS.ProcessEnv
}

export async function openStore(spec: StoreSpec, options: StoreOptions): Promise<ObjectStore> {
  switch (spec.type) {
    case 'volume':
      return fileStore({ path: options.volumePath })
    case 'directory':
      return fileStore({ path: spec.path, create: true })
    case 's3':
    case 'gcs':
    case 'azure': {
      if (spec.ca !== undefined) trustAlso((await options.secrets.resolve({ secret: spec.ca, key: 'ca.crt' })).reveal())
      const store = certainStore(await openRemote(spec, options))
      return spec.quotaBytes === undefined ? store : withQuota(store, spec.quotaBytes)
    }
  }
}

async function openRemote(spec: RemoteStoreSpec, options: StoreOptions): Promise<ObjectStore> {
  const endpoint = spec.endpoint === undefined ? {} : { endpoint: spec.endpoint }
  const { secrets } = options
  const given = async (key: string): Promise<Secret> => await secrets.resolve({ secret: spec.credentials ?? '', key })
  const mayBe = async (key: string): Promise<Secret | undefined> => {
    try {
      return await given(key)
    } catch (error) {
      if (isPawlError(error, 'input-invalid')) return undefined
      throw error
    }
  }
  switch (spec.type) {
    case 's3': {
      const { s3Store } = await import('./s3/store.ts')
      const { bucket, prefix, region } = spec
      const place = { bucket, prefix, ...endpoint, ...(region === undefined ? {} : { region }) }
      const agents = proxyAgents(options.env)
      if (spec.credentials === undefined) return await s3Store({ ...place, agents })
      const sessionToken = await mayBe('sessionToken')
      return await s3Store({
        ...place,
        agents,
        credentials: {
          accessKeyId: await given('accessKeyId'),
          secretAccessKey: await given('secretAccessKey'),
          ...(sessionToken === undefined ? {} : { sessionToken }),
        },
      })
    }
    case 'gcs': {
      const { gcsStore } = await import('./gcs/store.ts')
      const { bucket, prefix } = spec
      const key = spec.credentials === undefined ? {} : { credentials: await given('serviceAccount') }
      return await gcsStore({ bucket, prefix, ...endpoint, ...key })
    }
    case 'azure': {
      const { azureStore } = await import('./azure/store.ts')
      const { account, container, prefix } = spec
      const key = spec.credentials === undefined ? {} : { credentials: await azureKey(spec.credentials, mayBe) }
      return await azureStore({ account, container, prefix, ...endpoint, ...key })
    }
  }
}

async function azureKey(name: string, mayBe: (key: string) => Promise<Secret | undefined>): Promise<AzureCredentials> {
  const accountKey = await mayBe('accountKey')
  if (accountKey !== undefined) return { accountKey }
  const sasToken = await mayBe('sasToken')
  if (sasToken !== undefined) return { sasToken }
  const connectionString = await mayBe('connectionString')
  if (connectionString !== undefined) return { connectionString }
  throw new PawlError({
    code: 'input-invalid',
    message: `The secret "${name}" has none of accountKey, sasToken and connectionString.`,
    unchanged: 'Nothing was written to the store.',
  })
}
