import { PawlError } from '../../../src/core/errors.ts'
import { memoryStore } from '../../../src/testing/memory-store.ts'
import { storeConformance } from './suite.ts'

storeConformance('memory', { tiny: true }, async () => ({
  open: async () => memoryStore(),
  unwritable: async () => memoryStore({ writable: false }),
  tiny: async () => memoryStore({ capacityBytes: 3_000_000 }),
  gone: async () => {
    const store = memoryStore()
    store.fault = (operation) => {
      const code = operation === 'put' || operation === 'remove' ? 'store-unwritable' : 'store-unreadable'
      throw new PawlError({ code, message: 'memory is not there.' })
    }
    return store
  },
  dispose: async () => undefined,
}))
