// Check of a store: can it be written, read back, kept from being overwritten, and cleaned up? With a probe object of its own.
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { ResultOf, TaskOf } from '../../core/data/tasks.ts'
import { isPawlError, PawlError } from '../../core/errors.ts'
import type { ObjectStore } from '../../ports/store.ts'
import type { DataDeps, TaskContext } from '../deps.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/**
 * Whether the service itself refuses a name that was taken after the writer had looked: two writers, where the one that began
 * first sends its bytes last. Leaves `first` under the name where it does.
 */
async function isCreateOnly(store: ObjectStore, name: string, signal: AbortSignal): Promise<boolean> {
  const [begun, taken] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  // Where the second writer has given up already, nobody waits for it.
  taken.promise.catch(() => undefined)
  async function* late(): AsyncGenerator<Uint8Array> {
    begun.resolve()
    await taken.promise
    yield bytes('second')
  }
  const second = store.put(name, Readable.from(late(), { objectMode: false }), signal).then(
    () => false,
    (error: unknown) => {
      if (isPawlError(error, 'cluster-conflict')) return true
      throw error
    },
  )
  try {
    await Promise.race([begun.promise, second])
    await store.put(name, bytes('first'), signal)
  } catch (error) {
    taken.reject(error)
    await second.catch(() => undefined)
    throw error
  }
  taken.resolve()
  return await second
}

export async function runCheckStore(
  task: TaskOf<'check-store'>,
  deps: DataDeps,
  context: TaskContext,
): Promise<ResultOf<'check-store'>> {
  const store = await deps.openStore(task.store)
  const name = `pawl-probe/${deps.randomName()}`
  const freeBytes = await store.freeBytes(context.signal)
  const createOnly = await isCreateOnly(store, name, context.signal)
  let locks: boolean
  try {
    const back = (await buffer(await store.get(name, context.signal))).toString()
    if (createOnly && back !== 'first') {
      throw new PawlError({
        code: 'store-unreadable',
        message: `${store.where} gives back other bytes than were written.`,
      })
    }
  } finally {
    locks = await isKept(store, name)
  }
  return { createOnly, ...(freeBytes === undefined ? {} : { freeBytes }), ...(locks ? { locks } : {}) }
}

/** Takes the probe away, unless the store keeps even that. */
async function isKept(store: ObjectStore, name: string): Promise<boolean> {
  try {
    await store.remove(name)
    return false
  } catch (error) {
    if (isPawlError(error, 'store-locked')) return true
    throw error
  }
}
