// A store that is read and written no faster than was asked: every stream of a task takes from one bucket.
import { Readable } from 'node:stream'
import { tokenBucket } from '../core/data/rate.ts'
import type { ObjectStore } from '../ports/store.ts'
import type { Clock } from '../ports/world.ts'

/** Waits until so many bytes may have been moved. */
export type Pace = (bytes: number) => Promise<void>

/** Smaller pieces than the network takes at once, so that a low rate is a steady one. */
const PIECE_BYTES = 64 * 1024

export function pacer(bytesPerSecond: number, clock: Clock, signal: AbortSignal): Pace {
  const bucket = tokenBucket(bytesPerSecond)
  return async (bytes) => {
    const waitMs = bucket.take(bytes, clock.now().getTime())
    if (waitMs > 0) await clock.sleep(waitMs, signal)
  }
}

export function throttled(store: ObjectStore, pace: Pace): ObjectStore {
  return {
    where: store.where,
    put: async (name, body, signal) => {
      if (!(body instanceof Uint8Array)) return await store.put(name, slowed(body, pace), signal)
      await pace(body.length)
      return await store.put(name, body, signal)
    },
    get: async (name, signal) => slowed(await store.get(name, signal), pace),
    head: async (name, signal) => await store.head(name, signal),
    list: async (prefix, signal) => await store.list(prefix, signal),
    remove: async (name, signal) => await store.remove(name, signal),
    stranded: async (which, what, signal) => await store.stranded(which, what, signal),
    freeBytes: async (signal) => await store.freeBytes(signal),
  }
}

/** Destroying it destroys what it reads, as with a pipe. */
function slowed(body: Readable, pace: Pace): Readable {
  return Readable.from(pieces(body, pace), { objectMode: false })
}

async function* pieces(chunks: AsyncIterable<Uint8Array>, pace: Pace): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    for (let from = 0; from < chunk.length; from += PIECE_BYTES) {
      const piece = chunk.subarray(from, from + PIECE_BYTES)
      yield piece
      await pace(piece.length)
    }
  }
}
