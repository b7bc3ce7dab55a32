// Where backup sets live: flat names with slashes, streams in and out, create-only writes.
import type { Readable } from 'node:stream'

export interface StoredObject {
  name: string
  sizeBytes: number
  /** When the store took it (ISO 8601, UTC), by the store's own clock. */
  modifiedAt: string
}

export interface ObjectStore {
  /** For messages; no credentials. */
  readonly where: string
  /**
   * Writes a new object whole or not at all: after a failure or a crash no object of that name exists. Throws
   * `cluster-conflict` where the name exists already (create-only), `store-full` or `store-unwritable` where it cannot be written.
   */
  put(name: string, body: Readable | Uint8Array, signal?: AbortSignal): Promise<{ sizeBytes: number }>
  /** Throws `backup-damaged` where there is no such object, `store-unreadable` where it cannot be read. */
  get(name: string, signal?: AbortSignal): Promise<Readable>
  head(name: string, signal?: AbortSignal): Promise<StoredObject | undefined>
  /** Every object whose name starts with the prefix, in name order, however many. */
  list(prefix: string, signal?: AbortSignal): Promise<StoredObject[]>
  /**
   * True where something was there. Idempotent. Throws `store-locked` where the store keeps the object on purpose (retention,
   * legal hold, object lock), `store-unwritable` for any other refusal.
   */
  remove(name: string, signal?: AbortSignal): Promise<boolean>
  /**
   * How many pieces of writes are there that were never finished and were begun before this time; removed where asked. Services
   * that forget them by themselves have none. Others may keep theirs in the same place: only those of names that begin with `under` count,
   * where a piece has a name.
   */
  stranded(which: { under: string; before: Date }, what: 'count' | 'remove', signal?: AbortSignal): Promise<number>
  /** Free space where the store can tell. */
  freeBytes(signal?: AbortSignal): Promise<number | undefined>
}
