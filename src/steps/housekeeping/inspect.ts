// Looks at one set in its store, and at whether it is the one that was noted.
import type { DataResults } from '../../core/data/tasks.ts'
import type { BackupSet } from '../../core/resources.ts'
import { withTaskId, type HousekeepingDeps } from './prune.ts'

export type InspectDeps = Pick<HousekeepingDeps, 'dataPlane' | 'clock' | 'ids' | 'report' | 'signal'>

/** Throws `backup-not-found` where the store has no such set, or the store's errors. */
export async function inspectSet(
  deps: InspectDeps,
  set: BackupSet,
  read: 'manifest' | 'everything',
): Promise<DataResults['inspect']> {
  const result = await withTaskId(deps, read === 'everything' ? 'verify' : 'show', async (id) =>
    deps.dataPlane.run<'inspect'>(
      { kind: 'inspect', store: set.store, set: set.set, read },
      { id, onProgress: deps.report, signal: deps.signal },
    ),
  )
  if (set.status === undefined || result.manifestSha256 === set.status.manifestSha256) return result
  return { ...result, problems: ['the store holds another manifest than the one that was noted', ...result.problems] }
}
