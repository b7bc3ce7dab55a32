// What is below a release's directory in the store: sets that are whole, and what interrupted work has left.
import type { ResultOf, TaskOf } from '../../core/data/tasks.ts'
import type { SurveyedSet } from '../../core/data/housekeeping.ts'
import type { StoredObject } from '../../ports/store.ts'
import type { DataDeps, TaskContext } from '../deps.ts'
import { MANIFEST } from '../manifest.ts'

/** Objects by the directory below `under` that they are in. */
function directoriesOf(objects: readonly StoredObject[], under: string): Map<string, StoredObject[]> {
  const found = new Map<string, StoredObject[]>()
  for (const object of objects) {
    const [name, ...rest] = object.name.slice(under.length + 1).split('/')
    if (name === undefined || rest.length === 0) continue
    found.set(name, [...(found.get(name) ?? []), object])
  }
  return found
}

export function sizeOf(objects: readonly StoredObject[]): { objects: number; bytes: number } {
  return { objects: objects.length, bytes: objects.reduce((sum, object) => sum + object.sizeBytes, 0) }
}

/** The time of the newest one; a set of no objects is as new as can be, hence never old. */
export function newestOf(objects: readonly StoredObject[]): string {
  return (
    objects
      .map((object) => object.modifiedAt)
      .toSorted()
      .at(-1) ?? ''
  )
}

export async function runSurvey(
  task: TaskOf<'survey'>,
  deps: DataDeps,
  context: TaskContext,
): Promise<ResultOf<'survey'>> {
  const store = await deps.openStore(task.store)
  const objects = await store.list(`${task.under}/`, context.signal)
  const sets = [...directoriesOf(objects, task.under)].map(([name, inside]): SurveyedSet => ({
    name,
    ...sizeOf(inside),
    newestAt: newestOf(inside),
    hasManifest: inside.some((object) => object.name === `${task.under}/${name}/${MANIFEST}`),
  }))
  // Whoever only looks needs no right but to list and to read, and leaves nothing.
  if (task.strandedBefore === undefined) return { sets }
  const freeBytes = await store.freeBytes(context.signal)
  return {
    sets,
    strandedParts: await store.stranded(
      { under: `${task.under}/`, before: new Date(task.strandedBefore) },
      'count',
      context.signal,
    ),
    ...(freeBytes === undefined ? {} : { freeBytes }),
  }
}
