// The copies that a proof left beside the live databases: looked for, dropped, and forgotten of the set.
import type { CopyResults, FoundCopy } from '../../core/data/copies.ts'
import type { DatabaseTarget } from '../../core/data/tasks.ts'
import { backupSetObject, type BackupSet } from '../../core/resources.ts'
import type { Cluster } from '../../ports/cluster.ts'
import { readSet } from '../backup/index.ts'
import { databasesOfRun, freshTaskId } from '../look.ts'
import { databaseSuffixes } from '../names.ts'
import type { StepContext } from '../step.ts'

type TaskDeps = Pick<StepContext, 'dataPlane' | 'report' | 'signal'>

export interface CopyPlace {
  databases: DatabaseTarget[]
  serverMajor: number
}

/** As a run of an upgrade or recovery has them. */
export function placeOf(context: StepContext): CopyPlace {
  const databases = databasesOfRun(context)
  return { databases: databases.map(({ target }) => target), serverMajor: databases[0]?.serverMajor ?? 0 }
}

/** What stands beside the databases now: never what an earlier look has seen. */
export async function listCopies(deps: TaskDeps, place: CopyPlace, id: string): Promise<FoundCopy[]> {
  const { databases, serverMajor } = place
  const options = { id, serverMajor, onProgress: deps.report, signal: deps.signal }
  try {
    return (await deps.dataPlane.run<'list-copies'>({ kind: 'list-copies', databases }, options)).copies
  } finally {
    await deps.dataPlane.discard(id)
  }
}

export async function listCopiesOfRun(context: StepContext): Promise<FoundCopy[]> {
  return await listCopies(context, placeOf(context), freshTaskId(context, 'copies'))
}

/** Drops the copies of one set, and nothing that is not certainly that. Idempotent. */
export async function dropCopies(
  deps: TaskDeps,
  place: CopyPlace,
  set: Pick<BackupSet, 'name' | 'set'>,
  id: string,
): Promise<CopyResults['drop-copies']> {
  const { databases, serverMajor } = place
  const suffix = databaseSuffixes(set.name).staged
  const options = { id, serverMajor, onProgress: deps.report, signal: deps.signal }
  try {
    return await deps.dataPlane.run<'drop-copies'>({ kind: 'drop-copies', databases, suffix, set: set.set }, options)
  } finally {
    await deps.dataPlane.discard(id)
  }
}

/** The set has no copies any more. */
export async function forgetCopies(
  cluster: Cluster,
  namespace: string,
  name: string,
  signal?: AbortSignal,
): Promise<void> {
  const set = await readSet(cluster, namespace, name, signal)
  if (set?.status?.staged === undefined) return
  const { staged: _gone, ...status } = set.status
  await cluster.replace(backupSetObject({ ...set, status }), { subresource: 'status' }, signal)
}
