// Opens the store a task names.
import type { StoreSpec } from '../../core/data/tasks.ts'
import type { Secrets } from '../../ports/secrets.ts'
import type { ObjectStore } from '../../ports/store.ts'
import { fileStore } from './file/store.ts'

export interface StoreOptions {
  /** Where a `volume` store is mounted. */
  volumePath: string
  secrets: Secrets
}

export async function openStore(spec: StoreSpec, options: StoreOptions): Promise<ObjectStore> {
  switch (spec.type) {
    case 'volume':
      return fileStore({ path: options.volumePath })
    case 'directory':
      return fileStore({ path: spec.path, create: true })
    case 's3': {
      const { s3Store } = await import('./s3/store.ts')
      const { bucket, prefix, endpoint, region, credentials } = spec
      return await s3Store({
        bucket,
        prefix,
        ...(endpoint === undefined ? {} : { endpoint }),
        ...(region === undefined ? {} : { region }),
        ...(credentials === undefined
          ? {}
          : {
              credentials: {
                accessKeyId: await options.secrets.resolve({ secret: credentials, key: 'accessKeyId' }),
                secretAccessKey: await options.secrets.resolve({ secret: credentials, key: 'secretAccessKey' }),
              },
            }),
      })
    }
  }
}
