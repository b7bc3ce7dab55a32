// A store across the network whose answers may get lost. A write that may or may not have happened is settled by looking: the
// object is there with exactly the bytes that were sent, or with other bytes, or not at all.
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { isPawlError, PawlError, type ErrorCode } from '../../core/errors.ts'
import type { ObjectStore } from '../../ports/store.ts'

/** A service may call a name that is taken locked, where it keeps what lies under it. */
const UNCERTAIN: ReadonlySet<ErrorCode> = new Set(['cluster-conflict', 'store-unwritable', 'store-locked'])

interface Sent {
  bytes: number
  hash: ReturnType<typeof createHash>
  /** The source has ended: before that no store can hold the whole object. */
  whole: boolean
}

async function* passing(body: Readable, sent: Sent): AsyncGenerator<Uint8Array> {
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    sent.hash.update(chunk)
    sent.bytes += chunk.length
    yield chunk
  }
  sent.whole = true
}

/** Whether the store holds exactly what was sent. */
async function holds(store: ObjectStore, name: string, sent: Sent, signal?: AbortSignal): Promise<boolean> {
  const hash = createHash('sha256')
  for await (const chunk of (await store.get(name, signal)) as AsyncIterable<Uint8Array>) hash.update(chunk)
  return hash.digest('hex') === sent.hash.copy().digest('hex')
}

function taken(name: string, where: string): PawlError {
  const message = `${name} exists already in ${where}.`
  return new PawlError({ code: 'cluster-conflict', message, facts: { object: name } })
}

/**
 * SDKs repeat a request whose answer did not come, and the repetition of a write that had succeeded is refused because the name
 * is taken: without a look that refusal would be believed.
 */
export function certainStore(store: ObjectStore): ObjectStore {
  async function settle(
    name: string,
    sent: Sent,
    error: unknown,
    signal?: AbortSignal,
  ): Promise<{ sizeBytes: number }> {
    if (!isPawlError(error) || !UNCERTAIN.has(error.code) || !sent.whole) throw error
    let there: boolean
    let same: boolean
    try {
      const found = await store.head(name, signal)
      there = found !== undefined
      same = found?.sizeBytes === sent.bytes && (await holds(store, name, sent, signal))
    } catch (cause) {
      signal?.throwIfAborted()
      throw new PawlError({
        code: 'store-unwritable',
        message: `${error.message} Whether ${name} was written is not known: the store does not answer.`,
        facts: { object: name },
        cause,
      })
    }
    if (same) return { sizeBytes: sent.bytes }
    throw there ? taken(name, store.where) : error
  }

  return {
    ...store,
    async put(name, body, signal) {
      const source = body instanceof Readable ? body : undefined
      try {
        // A name that was taken before is told from one that a lost answer of ours took; and nothing big is sent in vain.
        if ((await store.head(name, signal)) !== undefined) throw taken(name, store.where)
      } catch (error) {
        source?.destroy()
        if (!isPawlError(error, 'store-unreadable')) throw error
        throw new PawlError({ code: 'store-unwritable', message: error.message, cause: error })
      }
      const sent: Sent = { bytes: 0, hash: createHash('sha256'), whole: false }
      if (body instanceof Uint8Array) Object.assign(sent, { bytes: body.length, whole: true }).hash.update(body)
      try {
        return await store.put(
          name,
          body instanceof Uint8Array ? body : Readable.from(passing(body, sent), { objectMode: false }),
          signal,
        )
      } catch (error) {
        signal?.throwIfAborted()
        return await settle(name, sent, error, signal)
      }
    },
  }
}
