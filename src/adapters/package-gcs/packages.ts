// The vendor's bucket on Google Cloud Storage.
import { createHash } from 'node:crypto'
import { isPawlError, PawlError } from '../../core/errors.ts'
import { recordOf, textOf, valueAt, type JsonRecord } from '../../core/json.ts'
import type { PackageObject } from '../../core/package/choose.ts'
import { fileNameOf } from '../../core/package/name.ts'
import type { Packages } from '../../ports/packages.ts'
import type { Clock } from '../../ports/world.ts'
import type { Client, ClientOptions, Media } from './client.ts'
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
  let opened: Promise<Client> | undefined
  // Google's libraries are loaded here, when a package is really asked for.
  const client = (): Promise<Client> => (opened ??= import('./client.ts').then(({ openClient }) => openClient(options)))

  async function patiently<T>(attempt: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const startedAt = clock.now().getTime()
    for (let waitMs = FIRST_WAIT_MS; ; waitMs *= 2) {
      try {
        return await abortable(attempt(), signal)
      } catch (error) {
        signal?.throwIfAborted()
        const pauseMs = Math.max(waitMs, retryAfterMs(error, clock.now()) ?? 0)
        const limitMs = statusOf(error) === 0 ? CONTACT_MS : PATIENCE_MS
        const late = clock.now().getTime() + pauseMs - startedAt > limitMs
        if (late || !mayPass(error)) throw failureOf(error, where, account.email)
        await clock.sleep(pauseMs, signal)
      }
    }
  }

  return {
    where,
    async check(object, bytes) {
      const { sizeBytes, crc32c, md5 } = object
      if (bytes.length !== sizeBytes) throw damaged(object, `it has ${bytes.length} bytes, not ${sizeBytes}`)
      if (md5 !== undefined) {
        if (createHash('md5').update(bytes).digest('base64') !== md5) throw damaged(object, 'its MD5 is another')
        return
      }
      // Objects that were put together of several have no MD5: https://cloud.google.com/storage/docs/data-validation
      if (crc32c === undefined) throw damaged(object, 'the store names no checksum of it')
      const { CRC32C } = await import('./client.ts')
      const crc = new CRC32C()
      crc.update(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
      if (!crc.validate(crc32c)) throw damaged(object, 'its CRC32C is another')
    },
    async list(prefix, signal) {
      const found: PackageObject[] = []
      for (let query: object | null = { prefix, fields: FIELDS, autoPaginate: false }; query !== null;) {
        const asked: object = query
        const [items, next, answer] = await patiently(
          async () => await (await client()).storage.bucket(bucket).getFiles(asked),
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
      const silent = new AbortController()
      const either = signal === undefined ? silent.signal : AbortSignal.any([signal, silent.signal])
      const arm = (): NodeJS.Timeout => setTimeout(() => silent.abort(silence()), idleMs)
      let timer: NodeJS.Timeout | undefined
      try {
        const answer = await patiently(async () => {
          timer = arm()
          return await (await client()).media(bucket, object, from, either).finally(() => clearTimeout(timer))
        }, either)
        const wrong = wrongAnswer(answer, object, from, where)
        if (wrong !== undefined) throw wrong
        timer = arm()
        for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
          clearTimeout(timer)
          yield chunk
          timer = arm()
        }
      } catch (error) {
        signal?.throwIfAborted()
        if (isPawlError(error, 'package-access') && error.facts['status'] === 404) throw changed(object, where)
        throw failureOf(silent.signal.aborted ? silence() : error, where, account.email)
      } finally {
        clearTimeout(timer)
        // Also where whoever reads has had enough: the connection must not stay.
        silent.abort(silence())
      }
    },
  }
}

function silence(): Error {
  return Object.assign(new Error('nothing came any more'), { code: 'ETIMEDOUT' })
}

/** A store names the generation with the bytes; a proxy's own page, or a range that was not heeded, must not get among them. */
function wrongAnswer(
  { status, headers }: Media,
  object: PackageObject,
  from: number,
  where: string,
): PawlError | undefined {
  const generation = headers.get('x-goog-generation')
  if (generation !== null && generation !== object.generation) return changed(object, where)
  return generation !== null && (from === 0 || status === 206) ? undefined : notAStore(where)
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
