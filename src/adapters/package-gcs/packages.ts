// The vendor's bucket on Google Cloud Storage.
import { createHash } from 'node:crypto'
import type { Storage } from '@google-cloud/storage'
import { PawlError } from '../../core/errors.ts'
import { recordOf, textOf, valueAt, type JsonRecord } from '../../core/json.ts'
import type { PackageObject } from '../../core/package/choose.ts'
import { fileNameOf } from '../../core/package/name.ts'
import type { Packages } from '../../ports/packages.ts'
import type { Clock } from '../../ports/world.ts'
import type { ClientOptions } from './client.ts'
import { failureOf, mayPass, retryAfterMs, statusOf } from './failure.ts'

export interface GcsPackagesOptions extends ClientOptions {
  bucket: string
  clock: Clock
  /** Longest silence of a download. */
  idleMs?: number
}

/** No attempt starts later than this after the first one. */
const PATIENCE_MS = 60_000
/** The same where nothing answers at all: a wrong address should be said soon. */
const CONTACT_MS = 5_000
const IDLE_MS = 30_000
const FIRST_WAIT_MS = 500
/** What is asked of each object: a tenth of the answer. With it the library hands the items on as they came. */
const FIELDS = 'kind,items(name,size,generation,updated,crc32c,md5Hash),nextPageToken'

export function gcsPackages(options: GcsPackagesOptions): Packages {
  const { bucket, account, clock, idleMs = IDLE_MS } = options
  const where = `gs://${bucket}`
  let opened: Promise<Storage> | undefined
  // Google's libraries are loaded here, when a package is really asked for.
  const client = (): Promise<Storage> =>
    (opened ??= import('./client.ts').then(({ storageClient }) => storageClient(options)))

  async function patiently<T>(attempt: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const startedAt = clock.now().getTime()
    for (let waitMs = FIRST_WAIT_MS; ; waitMs *= 2) {
      try {
        return await abortable(attempt(), signal)
      } catch (error) {
        const pauseMs = Math.max(waitMs, retryAfterMs(error, clock.now()) ?? 0)
        const limitMs = statusOf(error) === 0 ? CONTACT_MS : PATIENCE_MS
        const late = clock.now().getTime() + pauseMs - startedAt > limitMs
        signal?.throwIfAborted()
        if (late || !mayPass(error)) throw failureOf(error, where, account.email)
        await clock.sleep(pauseMs, signal)
      }
    }
  }

  return {
    where,
    async check(object, bytes) {
      const { CRC32C } = await import('./client.ts')
      const crc = new CRC32C()
      crc.update(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
      const md5 = createHash('md5').update(bytes).digest('base64')
      const { sizeBytes, crc32c, md5: expected } = object
      if (bytes.length !== sizeBytes) throw damaged(object, `it has ${bytes.length} bytes, not ${sizeBytes}`)
      if (crc32c === undefined && expected === undefined) throw damaged(object, 'the store names no checksum of it')
      if (crc32c !== undefined && !crc.validate(crc32c)) throw damaged(object, 'its CRC32C is another')
      if (expected !== undefined && md5 !== expected) throw damaged(object, 'its MD5 is another')
    },
    async list(prefix, signal) {
      const found: PackageObject[] = []
      for (let query: object | null = { prefix, fields: FIELDS, autoPaginate: false }; query !== null;) {
        const asked: object = query
        const [items, next, answer] = await patiently(
          async () => await (await client()).bucket(bucket).getFiles(asked),
          signal,
        )
        // The library takes any page with status 200 for an empty list.
        if (valueAt(answer, 'kind') !== 'storage#objects') throw notAStore(where)
        found.push(...items.map((item) => objectOf(recordOf(item), where)))
        query = next
      }
      return found
    },
    async *download(object, from, signal) {
      if (from >= object.sizeBytes) return
      const storage = await client()
      const file = storage.bucket(bucket).file(object.name, { generation: object.generation })
      const stream = file.createReadStream({
        validation: false,
        decompress: false,
        ...(from > 0 ? { start: from } : {}),
      })
      stream.on('response', (response: MediaResponse) => {
        const wrong = wrongAnswer(response, object, from, where)
        if (wrong !== undefined) stream.destroy(wrong)
      })
      const stop = (): void => void stream.destroy(signal?.reason instanceof Error ? signal.reason : undefined)
      signal?.addEventListener('abort', stop, { once: true })
      let timer = setTimeout(silent, idleMs)
      function silent(): void {
        stream.destroy(Object.assign(new Error('nothing came any more'), { code: 'ETIMEDOUT' }))
      }
      try {
        for await (const chunk of stream as AsyncIterable<Uint8Array>) {
          clearTimeout(timer)
          yield chunk
          timer = setTimeout(silent, idleMs)
        }
      } catch (error) {
        signal?.throwIfAborted()
        if (statusOf(error) === 404) throw changed(object, where)
        throw failureOf(error, where, account.email)
      } finally {
        clearTimeout(timer)
        signal?.removeEventListener('abort', stop)
        stream.destroy()
      }
    },
  }
}

interface MediaResponse {
  statusCode: number
  headers: Record<string, string | undefined>
}

/** A store names the generation with the bytes; a proxy's own page, or a range that was not heeded, must not get among them. */
function wrongAnswer(
  { statusCode, headers }: MediaResponse,
  object: PackageObject,
  from: number,
  where: string,
): PawlError | undefined {
  if (statusCode >= 400) return undefined
  const generation = headers['x-goog-generation']
  if (generation !== undefined && generation !== object.generation) return changed(object, where)
  if (generation !== undefined && (from === 0 || statusCode === 206)) return undefined
  return notAStore(where)
}

function notAStore(where: string): PawlError {
  return new PawlError({
    code: 'package-unreachable',
    message: `what answers for ${where} is not a store`,
    unchanged: 'Nothing was put in place.',
    hint: 'Check with a browser what stands between here and the store: a proxy or a sign-in page, most of the time.',
  })
}

function changed({ name }: PackageObject, where: string): PawlError {
  return new PawlError({
    code: 'package-changed',
    message: `${where}/${name} was replaced or removed while it was being downloaded`,
    unchanged: 'Nothing was put in place.',
  })
}

function damaged({ name }: PackageObject, why: string): PawlError {
  return new PawlError({
    code: 'package-damaged',
    message: `what arrived is not ${fileNameOf(name)}: ${why}`,
    unchanged: 'Nothing was put in place.',
  })
}

/** Throws `package-unreachable` for an answer that is not a store's. */
function objectOf(item: JsonRecord, where: string): PackageObject {
  const { name, size, generation, updated, crc32c, md5Hash } = item
  const sizeBytes = Number(size)
  if (typeof name !== 'string' || typeof generation !== 'string' || !Number.isSafeInteger(sizeBytes) || sizeBytes < 0)
    throw new PawlError({
      code: 'package-unreachable',
      message: `${where} lists an object without its name, size or generation`,
      unchanged: 'Nothing was put in place.',
    })
  return {
    name,
    sizeBytes,
    generation,
    updated: textOf(updated) ?? '',
    ...(typeof crc32c === 'string' ? { crc32c } : {}),
    ...(typeof md5Hash === 'string' ? { md5: md5Hash } : {}),
  }
}

/** The library's requests cannot be ended from outside; who waits for one can stop waiting. */
async function abortable<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return await work
  signal.throwIfAborted()
  let stop = (): void => undefined
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason instanceof Error ? signal.reason : new Error('stopped'))
    signal.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
