// ObjectStore in an Azure Blob container. Blocks are sent first; the list that makes an object of them is written only where the
// name is free.
import * as sdk from '@azure/storage-blob'
import type { BlobServiceClient, StoragePipelineOptions } from '@azure/storage-blob'
import { Readable } from 'node:stream'
import { checkName } from '../../../core/data/object-name.ts'
import type { Secret } from '../../../core/secret.ts'
import type { ObjectStore, StoredObject } from '../../../ports/store.ts'
import { readError, writeError } from '../answers.ts'
import { smallOrStream } from '../first-bytes.ts'
import { baseOf, inNameOrder, timeOf } from '../listing.ts'
import { refusalOf, statusOf } from './errors.ts'

/** Two blocks of this size are in memory per write; 50,000 blocks are the service's limit, so one object is at most 400 GB. */
const PART_BYTES = 8 * 1024 * 1024
const PARTS_AT_ONCE = 2
const NEW_OBJECT = { ifNoneMatch: '*' }

export type AzureCredentials = { accountKey: Secret } | { sasToken: Secret } | { connectionString: Secret }

export interface AzureStoreOptions {
  account: string
  container: string
  prefix: string
  endpoint?: string
  /** Absent: what the environment gives (workload identity, variables, managed identity, az login). */
  credentials?: AzureCredentials
}

async function serviceOf(options: AzureStoreOptions): Promise<BlobServiceClient> {
  const { account, endpoint = `https://${account}.blob.core.windows.net`, credentials } = options
  const pipeline: StoragePipelineOptions = { retryOptions: { maxTries: 5 } }
  if (credentials === undefined) {
    const { environmentCredential } = await import('./environment.ts')
    return new sdk.BlobServiceClient(endpoint, environmentCredential(), pipeline)
  }
  if ('connectionString' in credentials)
    return sdk.BlobServiceClient.fromConnectionString(credentials.connectionString.reveal().trim(), pipeline)
  if ('sasToken' in credentials)
    return new sdk.BlobServiceClient(
      `${endpoint}?${credentials.sasToken.reveal().trim().replace(/^\?/, '')}`,
      new sdk.AnonymousCredential(),
      pipeline,
    )
  const key = new sdk.StorageSharedKeyCredential(account, credentials.accountKey.reveal().trim())
  return new sdk.BlobServiceClient(endpoint, key, pipeline)
}

async function* translated(body: AsyncIterable<Uint8Array>, where: string, name: string): AsyncGenerator<Uint8Array> {
  try {
    yield* body
  } catch (error) {
    throw readError(error, refusalOf(error), where, name)
  }
}

/** This file is loaded only when an Azure store is really used, and the SDK with it. */
export async function azureStore(options: AzureStoreOptions): Promise<ObjectStore> {
  const container = (await serviceOf(options)).getContainerClient(options.container)
  const base = baseOf(options.prefix)
  const where = `azure://${options.account}/${options.container}/${base}`
  const blobOf = (name: string) => container.getBlockBlobClient(base + checkName(name))
  const until = (signal?: AbortSignal): { abortSignal?: AbortSignal } =>
    signal === undefined ? {} : { abortSignal: signal }

  async function putStream(name: string, body: Readable, signal?: AbortSignal): Promise<number> {
    let sizeBytes = 0
    async function* counted(): AsyncGenerator<Uint8Array> {
      for await (const chunk of body as AsyncIterable<Uint8Array>) {
        signal?.throwIfAborted()
        sizeBytes += chunk.length
        yield chunk
      }
    }
    const source = Readable.from(counted(), { objectMode: false })
    await blobOf(name).uploadStream(source, PART_BYTES, PARTS_AT_ONCE, { conditions: NEW_OBJECT, ...until(signal) })
    return sizeBytes
  }

  return {
    where,
    async put(name, body, signal) {
      try {
        const whole = body instanceof Uint8Array ? body : await smallOrStream(body, PART_BYTES)
        if (whole instanceof Readable) return { sizeBytes: await putStream(name, whole, signal) }
        signal?.throwIfAborted()
        await blobOf(name).upload(Buffer.from(whole), whole.length, { conditions: NEW_OBJECT, ...until(signal) })
        return { sizeBytes: whole.length }
      } catch (error) {
        if (body instanceof Readable) body.destroy()
        signal?.throwIfAborted()
        throw writeError(error, refusalOf(error), where, name)
      }
    },
    async get(name, signal) {
      try {
        const answer = await blobOf(name).download(0, undefined, { maxRetryRequests: 3, ...until(signal) })
        const body = answer.readableStreamBody
        if (body === undefined) throw new Error('the answer has no body')
        const stream = Readable.from(translated(body as AsyncIterable<Uint8Array>, where, name), { objectMode: false })
        stream.once('close', () => 'destroy' in body && (body as Readable).destroy())
        return stream
      } catch (error) {
        signal?.throwIfAborted()
        throw readError(error, refusalOf(error), where, name)
      }
    },
    async head(name, signal) {
      try {
        const { contentLength, lastModified } = await blobOf(name).getProperties(until(signal))
        return { name, sizeBytes: contentLength ?? 0, modifiedAt: timeOf(lastModified) }
      } catch (error) {
        signal?.throwIfAborted()
        if (statusOf(error) === 404) return undefined
        throw readError(error, refusalOf(error), where)
      }
    },
    async list(prefix, signal) {
      const found: StoredObject[] = []
      try {
        for await (const blob of container.listBlobsFlat({ prefix: base + prefix, ...until(signal) })) {
          if (blob.name.endsWith('/')) continue
          const { contentLength, lastModified } = blob.properties
          found.push({
            name: blob.name.slice(base.length),
            sizeBytes: contentLength ?? 0,
            modifiedAt: timeOf(lastModified),
          })
        }
      } catch (error) {
        signal?.throwIfAborted()
        throw readError(error, refusalOf(error), where)
      }
      return inNameOrder(found)
    },
    async remove(name, signal) {
      try {
        return (await blobOf(name).deleteIfExists(until(signal))).succeeded
      } catch (error) {
        signal?.throwIfAborted()
        if (refusalOf(error).meaning === 'missing') return false
        throw writeError(error, refusalOf(error), where, name)
      }
    },
    // Azure forgets blocks that no list names after a week, and shows them to nobody.
    async stranded() {
      return 0
    },
    async freeBytes() {
      return undefined
    },
  }
}
