// ObjectStore in memory, with faults that a real store will not have on command. Passes the stores' conformance suite.
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { checkName } from '../core/data/object-name.ts'
import { PawlError } from '../core/errors.ts'
import type { ObjectStore, StoredObject } from '../ports/store.ts'

export interface MemoryStore extends ObjectStore {
  /** What is stored, for tests to look at and to damage. */
  readonly objects: Map<string, Buffer>
  /** Called before each operation; throw to make it fail. */
  fault: (operation: 'put' | 'get' | 'head' | 'list' | 'remove', name: string) => void
}

function taken(name: string): PawlError {
  return new PawlError({ code: 'cluster-conflict', message: `${name} exists already.`, facts: { object: name } })
}

export interface MemoryStoreOptions {
  capacityBytes?: number
  writable?: boolean
  now?: () => Date
}

export function memoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  const objects = new Map<string, Buffer>()
  const times = new Map<string, string>()
  const now = options.now ?? (() => new Date())
  const capacityBytes = options.capacityBytes ?? Number.POSITIVE_INFINITY
  const used = (): number => [...objects.values()].reduce((sum, bytes) => sum + bytes.length, 0)
  const objectOf = (name: string): StoredObject => ({
    name,
    sizeBytes: objects.get(name)?.length ?? 0,
    modifiedAt: times.get(name) ?? now().toISOString(),
  })
  const store: MemoryStore = {
    where: 'memory',
    objects,
    fault: () => undefined,
    async put(name, body, signal) {
      store.fault('put', checkName(name))
      if (options.writable === false) throw new PawlError({ code: 'store-unwritable', message: 'memory is read-only.' })
      if (objects.has(name)) throw taken(name)
      const bytes = body instanceof Uint8Array ? Buffer.from(body) : await buffer(body)
      signal?.throwIfAborted()
      if (objects.has(name)) throw taken(name)
      if (used() + bytes.length > capacityBytes) throw new PawlError({ code: 'store-full', message: 'memory is full.' })
      objects.set(name, bytes)
      times.set(name, now().toISOString())
      return { sizeBytes: bytes.length }
    },
    async get(name) {
      store.fault('get', name)
      const bytes = objects.get(name)
      if (bytes === undefined) {
        throw new PawlError({ code: 'backup-damaged', message: `${name} is missing.`, facts: { object: name } })
      }
      function* chunks() {
        for (let at = 0; at < bytes!.length; at += 65536) yield bytes!.subarray(at, at + 65536)
      }
      return Readable.from(chunks(), { objectMode: false })
    },
    async head(name) {
      store.fault('head', name)
      const bytes = objects.get(name)
      return bytes === undefined ? undefined : objectOf(name)
    },
    async list(prefix) {
      store.fault('list', prefix)
      const names = [...objects.keys()].filter((name) => name.startsWith(prefix)).toSorted()
      return names.map(objectOf)
    },
    async remove(name) {
      store.fault('remove', name)
      return objects.delete(name)
    },
    async stranded() {
      return 0
    },
    async freeBytes() {
      return Number.isFinite(capacityBytes) ? capacityBytes - used() : undefined
    },
  }
  return store
}
