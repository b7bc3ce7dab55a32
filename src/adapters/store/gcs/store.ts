// ObjectStore in a Google Cloud Storage bucket. Creation asks for generation 0, which only a name that is free has.
import { Storage, type File, type StorageOptions } from '@google-cloud/storage'
import { PassThroughClient } from 'google-auth-library'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { checkName } from '../../../core/data/object-name.ts'
import { PawlError } from '../../../core/errors.ts'
import { recordOf, textOf } from '../../../core/json.ts'
import type { Secret } from '../../../core/secret.ts'
import type { ObjectStore, StoredObject } from '../../../ports/store.ts'
import { readError, writeError } from '../answers.ts'
import { smallOrStream } from '../first-bytes.ts'
import { baseOf, inNameOrder, timeOf } from '../listing.ts'
import { refusalOf, statusOf } from './errors.ts'

/** Kept in memory per write, so that a part can be sent again. */
const PART_BYTES = 8 * 1024 * 1024
const NEW_OBJECT = { ifGenerationMatch: 0 }

export interface GcsStoreOptions {
  bucket: string
  prefix: string
  endpoint?: string
  /** A service account's key file; absent: what the environment gives (workload identity, file, gcloud). */
  credentials?: Secret
}

function keyOf(credentials: Secret): { client_email: string; private_key: string; project_id?: string } {
  try {
    const key = recordOf(JSON.parse(credentials.reveal()))
    const [email, privateKey, project] = [key['client_email'], key['private_key'], textOf(key['project_id'])]
    if (typeof email === 'string' && typeof privateKey === 'string')
      return { client_email: email, private_key: privateKey, ...(project === undefined ? {} : { project_id: project }) }
  } catch {
    // Said below, without the text: it holds a key.
  }
  throw new PawlError({
    code: 'input-invalid',
    message:
      'The credentials of the store are not a service account key file (JSON with client_email and private_key).',
    unchanged: 'Nothing was written to the store.',
  })
}

/** An emulator behind an `http` address asks nobody who they are; every other endpoint does. */
function configOf({ endpoint, credentials }: GcsStoreOptions): StorageOptions {
  const config: StorageOptions = {
    retryOptions: { autoRetry: true, maxRetries: 3 },
    ...(endpoint === undefined ? {} : { apiEndpoint: endpoint }),
  }
  if (credentials !== undefined) {
    const key = keyOf(credentials)
    return { ...config, credentials: key, ...(key.project_id === undefined ? {} : { projectId: key.project_id }) }
  }
  if (endpoint?.startsWith('http://') !== true) return config
  // Its own type has private members, and the SDK carries another copy of the same class.
  return { ...config, projectId: 'none', authClient: new PassThroughClient() as never }
}

async function* translated(body: Readable, where: string, name: string): AsyncGenerator<Uint8Array> {
  try {
    yield* body
  } catch (error) {
    throw readError(error, refusalOf(error), where, name)
  }
}

/** This file is loaded only when a Google store is really used, and the SDK with it. */
export async function gcsStore(options: GcsStoreOptions): Promise<ObjectStore> {
  const storage = new Storage(configOf(options))
  const bucket = storage.bucket(options.bucket)
  const base = baseOf(options.prefix)
  const where = `gs://${options.bucket}/${base}`
  const fileOf = (name: string): File => bucket.file(base + checkName(name))
  const upload = {
    preconditionOpts: NEW_OBJECT,
    validation: false,
    gzip: false,
    contentType: 'application/octet-stream',
  }

  async function putStream(name: string, body: Readable, signal?: AbortSignal): Promise<number> {
    let sizeBytes = 0
    const target = fileOf(name).createWriteStream({ ...upload, resumable: true, chunkSize: PART_BYTES })
    async function* counted(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      for await (const chunk of source) {
        sizeBytes += chunk.length
        yield chunk
      }
    }
    await pipeline(body, counted, target, signal === undefined ? {} : { signal })
    return sizeBytes
  }

  /** A name that is missing and a bucket that is missing give the same answer: only the first can be listed. */
  async function missingOrGone(error: unknown, name: string): Promise<Error> {
    if (refusalOf(error).meaning !== 'missing') return readError(error, refusalOf(error), where, name)
    try {
      await bucket.getFiles({ prefix: base, maxResults: 1, autoPaginate: false })
    } catch (listError) {
      return readError(listError, { ...refusalOf(listError), meaning: 'service' }, where)
    }
    return readError(error, refusalOf(error), where, name)
  }

  return {
    where,
    async put(name, body, signal) {
      try {
        const whole = body instanceof Uint8Array ? body : await smallOrStream(body, PART_BYTES)
        if (whole instanceof Readable) return { sizeBytes: await putStream(name, whole, signal) }
        signal?.throwIfAborted()
        await fileOf(name).save(Buffer.from(whole), { ...upload, resumable: false })
        return { sizeBytes: whole.length }
      } catch (error) {
        if (body instanceof Readable) body.destroy()
        signal?.throwIfAborted()
        throw writeError(error, refusalOf(error), where, name)
      }
    },
    async get(name, signal) {
      const url = `${storage.apiEndpoint}/storage/v1/b/${options.bucket}/o/${encodeURIComponent(fileOf(name).name)}?alt=media`
      try {
        // The SDK's own read stream tells of a refusal only after it has begun to flow; its login is what is needed of it.
        const answer = await storage.authClient.request<Readable>({
          url,
          responseType: 'stream',
          retryConfig: { retry: 3 },
          ...(signal === undefined ? {} : { signal }),
        })
        const stream = Readable.from(translated(answer.data, where, name), { objectMode: false })
        stream.once('close', () => answer.data.destroy())
        return stream
      } catch (error) {
        signal?.throwIfAborted()
        throw await missingOrGone(error, name)
      }
    },
    async head(name) {
      try {
        const [metadata] = await fileOf(name).getMetadata()
        return { name, sizeBytes: Number(metadata.size ?? 0), modifiedAt: timeOf(metadata.timeCreated) }
      } catch (error) {
        if (statusOf(error) === 404) return undefined
        throw readError(error, refusalOf(error), where)
      }
    },
    async list(prefix) {
      try {
        // The SDK follows every page.
        const [files] = await bucket.getFiles({ prefix: base + prefix })
        const found: StoredObject[] = files
          .filter((file) => !file.name.endsWith('/'))
          .map((file) => ({
            name: file.name.slice(base.length),
            sizeBytes: Number(file.metadata.size ?? 0),
            modifiedAt: timeOf(file.metadata.timeCreated),
          }))
        return inNameOrder(found)
      } catch (error) {
        throw readError(error, refusalOf(error), where)
      }
    },
    async remove(name) {
      try {
        await fileOf(name).delete()
        return true
      } catch (error) {
        if (statusOf(error) === 404) return false
        throw writeError(error, refusalOf(error), where, name)
      }
    },
    // Google forgets an upload that was not finished after a week, and shows it to nobody.
    async stranded() {
      return 0
    },
    async freeBytes() {
      return undefined
    },
  }
}
