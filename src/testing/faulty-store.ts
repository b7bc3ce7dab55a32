// An ObjectStore that misbehaves on command, around one that does not: what networks and services do now and then.
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { PawlError } from '../core/errors.ts'
import type { ObjectStore } from '../ports/store.ts'

export type StoreFault =
  /** Every piece comes late. */
  | 'slow'
  /** The connection ends in the middle, and says so. */
  | 'cut'
  /** A read ends early and says that this was all. */
  | 'short-read'
  /** One bit of a read is another one. */
  | 'wrong-bytes'
  /** It was done, and the answer got lost. */
  | 'lost-answer'
  /** It was done, the answer got lost, and the SDK's second try was told that the name is taken. */
  | 'lost-answer-repeated'
  /** 503 for everything. */
  | 'unavailable'
  /** A listing does not know yet what was written last. */
  | 'listing-lag'
  /** The quota is used up. */
  | 'full'

export type StoreOperation = 'put' | 'get' | 'head' | 'list' | 'remove'

export interface FaultyStore extends ObjectStore {
  /** How often each fault has happened. */
  readonly happened: Map<StoreFault, number>
}

/** Asked before each operation which fault it meets; `undefined` for none. */
export type FaultChoice = (operation: StoreOperation, name: string) => StoreFault | undefined

const PIECE_BYTES = 64 * 1024
const PIECE_DELAY_MS = 1

function unwritable(why: string): PawlError {
  return new PawlError({ code: 'store-unwritable', message: `faulty store: ${why}.` })
}

function unreadable(why: string): PawlError {
  return new PawlError({ code: 'store-unreadable', message: `faulty store: ${why}.` })
}

async function* slowly(body: Readable | Uint8Array): AsyncGenerator<Uint8Array> {
  const pieces: AsyncIterable<Uint8Array> | Uint8Array[] = body instanceof Uint8Array ? [body] : body
  for await (const piece of pieces) {
    await new Promise((resolve) => setTimeout(resolve, PIECE_DELAY_MS))
    yield piece
  }
}

function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES)
}

/** The bytes up to the middle, and then an error. */
function* cutShort(bytes: Uint8Array): Generator<Uint8Array> {
  yield* piecesOf(bytes.subarray(0, Math.floor(bytes.length / 2)))
  throw unreadable('the connection was cut')
}

function withOneBitFlipped(bytes: Uint8Array): Uint8Array {
  const changed = Uint8Array.from(bytes)
  const at = Math.floor(changed.length / 2)
  changed[at] = (changed[at] ?? 0) ^ 1
  return changed
}

function damagedRead(fault: StoreFault, bytes: Uint8Array): Iterable<Uint8Array> {
  if (fault === 'cut') return cutShort(bytes)
  if (fault === 'short-read') return piecesOf(bytes.subarray(0, Math.floor(bytes.length / 2)))
  return piecesOf(withOneBitFlipped(bytes))
}

export function faultyStore(inner: ObjectStore, choose: FaultChoice): FaultyStore {
  const happened = new Map<StoreFault, number>()
  let lastWritten = ''
  const faultOf = (operation: StoreOperation, name: string): StoreFault | undefined => {
    const fault = choose(operation, name)
    if (fault !== undefined) happened.set(fault, (happened.get(fault) ?? 0) + 1)
    if (fault === 'unavailable')
      throw operation === 'put' || operation === 'remove' ? unwritable('HTTP 503') : unreadable('HTTP 503')
    return fault
  }
  return {
    where: inner.where,
    happened,
    async put(name, body, signal) {
      const fault = faultOf('put', name)
      if (fault === 'full') throw new PawlError({ code: 'store-full', message: 'faulty store: the quota is used up.' })
      if (fault === 'cut') {
        for await (const _ of slowly(body)) break
        throw unwritable('the connection was cut')
      }
      const stored = await inner.put(
        name,
        fault === 'slow' ? Readable.from(slowly(body), { objectMode: false }) : body,
        signal,
      )
      lastWritten = name
      if (fault === 'lost-answer') throw unwritable('no answer')
      if (fault === 'lost-answer-repeated')
        throw new PawlError({ code: 'cluster-conflict', message: `faulty store: ${name} exists already.` })
      return stored
    },
    async get(name, signal) {
      const fault = faultOf('get', name)
      const stream = await inner.get(name, signal)
      if (fault === 'slow') return Readable.from(slowly(stream), { objectMode: false })
      if (fault !== 'cut' && fault !== 'short-read' && fault !== 'wrong-bytes') return stream
      return Readable.from(damagedRead(fault, await buffer(stream)), { objectMode: false })
    },
    async head(name, signal) {
      faultOf('head', name)
      return await inner.head(name, signal)
    },
    async list(prefix, signal) {
      const fault = faultOf('list', prefix)
      const found = await inner.list(prefix, signal)
      return fault === 'listing-lag' ? found.filter((object) => object.name !== lastWritten) : found
    },
    async remove(name, signal) {
      const fault = faultOf('remove', name)
      const there = await inner.remove(name, signal)
      if (fault === 'lost-answer') throw unwritable('no answer')
      return there
    },
    stranded: async (which, what, signal) => await inner.stranded(which, what, signal),
    freeBytes: async (signal) => await inner.freeBytes(signal),
  }
}
