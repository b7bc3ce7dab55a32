// The third stage: one look at the databases and the store, through the data plane, which may need Jobs for it.
import { PawlError } from '../../core/errors.ts'
import type { DatabaseObservation, DatabaseTarget, StoreSpec, TaskOf } from '../../core/data/tasks.ts'
import type { Known, ObservedFacts } from '../../core/plan/facts.ts'
import { attempt, from } from './deps.ts'
import type { Finished } from './kept.ts'
import type { PreflightDeps } from './deps.ts'

export type DataLook = Pick<PreflightDeps, 'dataPlane' | 'clock' | 'ids'>

/** A new id each time: looking again must look again. What the look left behind is discarded, whatever came of it. */
export async function once<T>(deps: DataLook, what: string, run: (id: string) => Promise<T>): Promise<T> {
  const id = `plan-${what}-${deps.ids.next(deps.clock.now())}`
  try {
    return await run(id)
  } finally {
    await deps.dataPlane.discard(id)
  }
}

export async function observeDatabases(
  deps: DataLook,
  targets: readonly DatabaseTarget[],
  signal?: AbortSignal,
): Promise<DatabaseObservation[]> {
  const options = signal === undefined ? {} : { signal }
  const task: TaskOf<'observe'> = { kind: 'observe', databases: [...targets] }
  const { databases } = await once(
    deps,
    'look',
    async (id) => await deps.dataPlane.run<'observe'>(task, { id, ...options }),
  )
  return databases
}

async function checkStore(
  deps: PreflightDeps,
  store: StoreSpec,
  signal?: AbortSignal,
): Promise<{ freeBytes?: number }> {
  const options = signal === undefined ? {} : { signal }
  const task: TaskOf<'check-store'> = { kind: 'check-store', store }
  const { freeBytes, createOnly } = await once(
    deps,
    'store',
    async (id) => await deps.dataPlane.run<'check-store'>(task, { id, ...options }),
  )
  if (!createOnly) {
    throw new PawlError({
      code: 'store-unwritable',
      message: 'the store overwrites objects that are there: a backup set could be replaced',
    })
  }
  return freeBytes === undefined ? {} : { freeBytes }
}

export async function gatherObserved(
  deps: PreflightDeps,
  targets: readonly DatabaseTarget[],
  sets: Known<Finished[]>,
  signal?: AbortSignal,
): Promise<ObservedFacts> {
  const [observations, store, earlier] = await Promise.all([
    attempt(async () => await observeDatabases(deps, targets, signal)),
    attempt(async () => await checkStore(deps, deps.installation.store, signal)),
    from(sets, (found) => found.flatMap(({ status }) => status.databases)),
  ])
  const { floor } = deps.installation
  return { observations, store, earlier, ...(floor === undefined ? {} : { recordedFloor: floor }) }
}
