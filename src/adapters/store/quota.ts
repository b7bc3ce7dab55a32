// A store that was told how much it may hold: what is free is the rest of that.
import type { ObjectStore } from '../../ports/store.ts'

export function withQuota(store: ObjectStore, quotaBytes: number): ObjectStore {
  return {
    ...store,
    async freeBytes(signal) {
      const objects = await store.list('', signal)
      return Math.max(0, quotaBytes - objects.reduce((sum, object) => sum + object.sizeBytes, 0))
    },
  }
}
