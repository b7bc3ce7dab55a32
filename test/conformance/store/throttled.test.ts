// A store that is slowed down is a store all the same.
import { setTimeout as after } from 'node:timers/promises'
import { PawlError } from '../../../src/core/errors.ts'
import { pacer, throttled } from '../../../src/data/throttle.ts'
import type { ObjectStore } from '../../../src/ports/store.ts'
import { memoryStore } from '../../../src/testing/memory-store.ts'
import { storeConformance } from './suite.ts'

const clock = {
  now: () => new Date(),
  sleep: async (ms: number, signal?: AbortSignal) => await after(ms, undefined, signal === undefined ? {} : { signal }),
}
const slow = (store: ObjectStore): ObjectStore =>
  throttled(store, pacer(50_000_000, clock, new AbortController().signal))

storeConformance('throttled', { tiny: true }, async () => ({
  open: async () => slow(memoryStore()),
  unwritable: async () => slow(memoryStore({ writable: false })),
  tiny: async () => slow(memoryStore({ capacityBytes: 3_000_000 })),
  gone: async () => {
    const store = memoryStore()
    store.fault = (operation) => {
      const code = operation === 'put' || operation === 'remove' ? 'store-unwritable' : 'store-unreadable'
      throw new PawlError({ code, message: 'memory is not there.' })
    }
    return slow(store)
  },
  dispose: async () => undefined,
}))
