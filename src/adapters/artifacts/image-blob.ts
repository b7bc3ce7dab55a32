// The bytes of a blob, whatever happens to the connection: what was cut goes on where it was, and the end is the digest's to judge.
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { BlobRef } from '../../ports/images.ts'
import type { Clock } from '../../ports/world.ts'
import { reasonOf } from './http.ts'
import { ATTEMPTS, damaged, unreachable } from './image-requests.ts'

const PAUSE_MS = 500
/** Nothing for so long is as good as cut. */
const IDLE_MS = 60_000

interface BlobSource extends BlobRef {
  url: URL
  /** The answer to a request of everything from there. */
  open: (from: number) => Promise<Response>
  clock: Clock
  signal?: AbortSignal | undefined
}

/** `first` is the answer to a request of everything. Bounded memory; it ends with `image-damaged` or `registry-unreachable`, or whole. */
export function blobStream(first: Response, source: BlobSource): Readable {
  return Readable.from(pieces(first, source), { objectMode: false, highWaterMark: 256 * 1024 })
}

async function* pieces(first: Response, source: BlobSource): AsyncGenerator<Uint8Array> {
  const { url, digest, sizeBytes, open, clock, signal } = source
  const hash = createHash('sha256')
  let [got, failures] = [0, 0]
  let response: Response | undefined = first
  while (got < sizeBytes || response !== undefined) {
    let reader: ReadableStreamDefaultReader<Uint8Array> | undefined
    try {
      const answer: Response = response ?? (await open(got))
      response = undefined
      // Who does not know of ranges sends everything again.
      let known = answer.status === 206 ? 0 : got
      reader = answer.body?.getReader()
      for (;;) {
        const piece = await next(reader, url, signal)
        if (piece === undefined) break
        const fresh = piece.subarray(Math.min(known, piece.length))
        known -= piece.length - fresh.length
        got += fresh.length
        if (got > sizeBytes) throw damaged(url, source, `more than ${sizeBytes} bytes`)
        hash.update(fresh)
        if (fresh.length > 0) {
          failures = 0
          yield fresh
        }
      }
      if (got < sizeBytes) throw new Cut(`only ${got} of ${sizeBytes} bytes came`)
    } catch (error) {
      if (!(error instanceof Cut)) throw error
      failures += 1
      if (failures >= ATTEMPTS) throw unreachable(url, error.message, error.cause)
      await clock.sleep(failures * PAUSE_MS, signal)
    } finally {
      await reader?.cancel().catch(() => undefined)
    }
  }
  const found = `sha256:${hash.digest('hex')}`
  if (found !== digest) throw damaged(url, source, found)
}

/** What may be tried again. */
class Cut extends Error {}

async function next(
  reader: ReadableStreamDefaultReader<Uint8Array> | undefined,
  url: URL,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  const idle = Promise.withResolvers<never>()
  const timer = setTimeout(() => idle.reject(new Error(`nothing came for ${IDLE_MS / 1000} s`)), IDLE_MS)
  try {
    return (await Promise.race([reader?.read(), idle.promise]))?.value
  } catch (cause) {
    signal?.throwIfAborted()
    throw new Cut(`${url.host} was cut off (${reasonOf(cause)})`, { cause })
  } finally {
    clearTimeout(timer)
  }
}
