// A store that only pods of its cluster reach, as far as a recovery needs it: Jobs look, and carry the release's files still encrypted.
import { storeText, type StoreSpec } from '../../core/store/spec.ts'
import { openCarried } from '../../data/housekeeping/release-files.ts'
import type { Cipher } from '../../ports/cipher.ts'
import type { DataPlane } from '../../ports/dataplane.ts'
import type { Clock, Ids } from '../../ports/world.ts'
import { withTaskId } from '../../steps/housekeeping/prune.ts'
import { notReached, type StoredSets } from './stored-sets.ts'

export interface JobReach {
  dataPlane: DataPlane
  clock: Clock
  ids: Ids
  cipher: Cipher
}

export function storedSetsInJobs(reach: JobReach, store: StoreSpec, signal: AbortSignal): StoredSets {
  const { dataPlane, cipher } = reach
  const where = storeText(store)
  return {
    where,
    list: async (under) => {
      const strandedBefore = new Date(0).toISOString()
      const survey = await withTaskId(reach, 'survey', async (id) =>
        dataPlane.run<'survey'>({ kind: 'survey', store, under, strandedBefore }, { id, signal }),
      )
      return survey.sets
    },
    inspect: async (set) =>
      await withTaskId(reach, 'show', async (id) =>
        dataPlane.run<'inspect'>({ kind: 'inspect', store, set, read: 'manifest' }, { id, signal }),
      ),
    releaseFiles: async (set, identity) => {
      const carried = await withTaskId(reach, 'files', async (id) =>
        dataPlane.run<'release-files'>({ kind: 'release-files', store, set }, { id, signal }),
      )
      return await openCarried(carried, { cipher, set, where }, identity, signal)
    },
    // Whole sets go through no log and no exec.
    copyTo: () => Promise.reject(notReached(store)),
    exportTo: () => Promise.reject(notReached(store)),
  }
}
