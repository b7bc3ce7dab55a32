// Takes a set from one store to another, next to both: where one of them is a volume, only a pod reaches it.
import type { ResultOf, TaskOf } from '../../core/data/tasks.ts'
import type { DataDeps, TaskContext } from '../deps.ts'
import { copySet } from './copy.ts'
import { exportSet } from './export.ts'

/** Idempotent. Throws `backup-damaged`, and `cluster-conflict` where something else has a name of the set. */
export async function runCopySet(
  { store, to: target, set, page }: TaskOf<'copy-set'>,
  deps: DataDeps,
  context: TaskContext,
): Promise<ResultOf<'copy-set'>> {
  const from = await deps.openStore(store)
  const to = await deps.openStore(target, 'to')
  return page ? await exportSet(from, to, set, context) : { made: await copySet({ from, to, set }, context) }
}
