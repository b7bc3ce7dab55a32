// Removes sets and leftovers. What was decided elsewhere is looked at again here, next to the store, at the moment of removal.
import type { ResultOf, TaskOf } from '../../core/data/tasks.ts'
import { refutationIn } from '../../core/backup/rung.ts'
import { isPawlError, PawlError } from '../../core/errors.ts'
import type { ObjectStore, StoredObject } from '../../ports/store.ts'
import type { DataDeps, TaskContext } from '../deps.ts'
import { MANIFEST } from '../manifest.ts'
import { readSet, sizeProblems } from './inspect.ts'
import { newestOf, sizeOf } from './survey.ts'

type Pruned = ResultOf<'prune'>

/** Nothing goes unless what stays is there, now. */
async function checkKeeper(store: ObjectStore, keeper: string, signal: AbortSignal): Promise<void> {
  const read = await readSet(store, keeper, signal)
  // Found by whoever else reads this store.
  const refuted = refutationIn(read.proofs)
  const problem = refuted?.why ?? (await sizeProblems(store, read, signal))[0]
  if (problem === undefined) return
  throw new PawlError({
    code: 'backup-damaged',
    message: `The set that is to be kept, ${keeper}, is not whole: ${problem}.`,
    unchanged: 'Nothing was removed.',
    facts: { set: keeper },
  })
}

/** The manifest first: stopped half-way it is a leftover, never half a set; and where that is locked, nothing is missing. */
function inOrderOfRemoval(set: string, objects: readonly StoredObject[]): StoredObject[] {
  const rank = ({ name }: StoredObject): number =>
    name === `${set}/${MANIFEST}` ? 0 : name.startsWith(`${set}/proof-`) ? 1 : 2
  return objects.toSorted((left, right) => rank(left) - rank(right))
}

async function removeDirectory(store: ObjectStore, set: string, pruned: Pruned, context: TaskContext): Promise<void> {
  const name = set.slice(set.lastIndexOf('/') + 1)
  const objects = await store.list(`${set}/`, context.signal)
  const done: StoredObject[] = []
  try {
    for (const object of inOrderOfRemoval(set, objects)) {
      await store.remove(object.name, context.signal)
      done.push(object)
    }
  } catch (error) {
    if (!isPawlError(error, 'store-locked')) throw error
    pruned.locked.push({ name, why: error.message })
    return
  }
  pruned.removed.push({ name, ...sizeOf(done) })
  context.report({ phase: 'prune', note: name })
}

/** Idempotent: what is gone already counts as removed. */
export async function runPrune(task: TaskOf<'prune'>, deps: DataDeps, context: TaskContext): Promise<Pruned> {
  const store = await deps.openStore(task.store)
  if (task.sets.length > 0) {
    if (task.keeper === undefined || task.sets.includes(task.keeper))
      throw new PawlError({ code: 'internal', message: 'Sets are to be removed and none is named that stays.' })
    await checkKeeper(store, task.keeper, context.signal)
  }
  const before = new Date(task.before)
  const pruned: Pruned = { removed: [], locked: [], strandedParts: 0 }
  for (const set of task.sets) await removeDirectory(store, set, pruned, context)
  for (const set of task.leftovers) {
    const objects = await store.list(`${set}/`, context.signal)
    const finished = objects.some((object) => object.name === `${set}/${MANIFEST}`)
    const old = Date.parse(newestOf(objects)) < before.getTime()
    if (!finished && old) await removeDirectory(store, set, pruned, context)
  }
  pruned.strandedParts = await store.stranded({ under: `${task.under}/`, before }, 'remove', context.signal)
  return pruned
}
