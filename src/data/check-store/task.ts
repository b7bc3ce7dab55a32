// Check of a store: can it be written, read back, kept from being overwritten, and cleaned up? With a probe object of its own.
import { buffer } from 'node:stream/consumers'
import type { ResultOf, TaskOf } from '../../core/data/tasks.ts'
import { isPawlError, PawlError } from '../../core/errors.ts'
import type { ObjectStore } from '../../ports/store.ts'
import type { DataDeps, TaskContext } from '../deps.ts'

async function isCreateOnly(store: ObjectStore, name: string, signal: AbortSignal): Promise<boolean> {
  try {
    await store.put(name, new TextEncoder().encode('second'), signal)
    return false
  } catch (error) {
    if (isPawlError(error, 'cluster-conflict')) return true
    throw error
  }
}

export async function runCheckStore(
  task: TaskOf<'check-store'>,
  deps: DataDeps,
  context: TaskContext,
): Promise<ResultOf<'check-store'>> {
  const store = await deps.openStore(task.store)
  const name = `pawl-probe/${deps.randomName()}`
  const freeBytes = await store.freeBytes(context.signal)
  await store.put(name, new TextEncoder().encode('first'), context.signal)
  try {
    const createOnly = await isCreateOnly(store, name, context.signal)
    const back = (await buffer(await store.get(name, context.signal))).toString()
    if (createOnly && back !== 'first') {
      throw new PawlError({
        code: 'store-unreadable',
        message: `${store.where} gives back other bytes than were written.`,
      })
    }
    return { createOnly, ...(freeBytes === undefined ? {} : { freeBytes }) }
  } finally {
    await store.remove(name)
  }
}
