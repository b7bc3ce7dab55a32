// DataPlane in this process: for databases that can be reached from here. Nobody in another process can attach to such work, and whoever
// takes over begins it anew: so it lives as long as somebody here waits for it, and nobody is told that it was stopped before it has ended.
// What it ended with is known as long as the process lives; after that the tasks themselves see to it that doing one again does no harm.
import type { DataPlane, RunTaskOptions } from '../../ports/dataplane.ts'
import type { DataProgress, DataTask, ResultOf, TaskOf } from '../../core/data/tasks.ts'

export type RunTask = <K extends DataTask['kind']>(
  task: TaskOf<K>,
  options: { onProgress: (progress: DataProgress) => void; signal: AbortSignal },
) => Promise<ResultOf<K>>

interface Work {
  result: Promise<unknown>
  ended: boolean
  /** Who has not left before its end. */
  waiting: number
  stop: AbortController
  listeners: Set<(progress: DataProgress) => void>
}

/**
 * Resolves when it has ended, however. However long that takes, too: who is told so lets the next owner begin. Programs are killed when they
 * do not end in time, and a person who will not wait ends this process.
 */
async function endOf({ result }: Work): Promise<void> {
  await result.then(
    () => undefined,
    () => undefined,
  )
}

/** Resolves with the work's outcome, or rejects with the signal's reason: at once where others wait, else when the work has ended. */
async function waitFor(work: Work, { signal, onProgress }: RunTaskOptions): Promise<unknown> {
  work.waiting += 1
  if (onProgress !== undefined) work.listeners.add(onProgress)
  const left = Promise.withResolvers<never>()
  const leave = (): void => {
    work.waiting -= 1
    if (work.waiting === 0 && !work.ended) work.stop.abort(signal?.reason)
    left.reject(signal?.reason as Error)
  }
  signal?.addEventListener('abort', leave, { once: true })
  try {
    return await Promise.race([work.result, left.promise])
  } catch (error) {
    // Of several who left by one signal the last one stopped it; none of them may go before its end.
    if (signal?.aborted === true && work.stop.signal.aborted) {
      await endOf(work)
      throw signal.reason
    }
    throw error
  } finally {
    signal?.removeEventListener('abort', leave)
    if (onProgress !== undefined) work.listeners.delete(onProgress)
  }
}

export function localDataPlane(runTask: RunTask): DataPlane {
  const works = new Map<string, Work>()

  function begin<K extends DataTask['kind']>(task: TaskOf<K>, id: string): Work {
    const listeners: Work['listeners'] = new Set()
    const stop = new AbortController()
    const onProgress = (progress: DataProgress): void => listeners.forEach((listener) => listener(progress))
    const result = runTask(task, { onProgress, signal: stop.signal }).finally(() => (work.ended = true))
    const work: Work = { result, ended: false, waiting: 0, stop, listeners }
    // Whoever waits gets the error; nobody may be waiting at this moment. That it was stopped is no answer for who asks later: it is
    // done anew then. A result that it came to all the same is one.
    result.catch(() => {
      if (stop.signal.aborted) works.delete(id)
    })
    works.set(id, work)
    return work
  }

  return {
    kind: 'local',
    async run<K extends DataTask['kind']>(task: TaskOf<K>, options: RunTaskOptions) {
      const { id, signal } = options
      signal?.throwIfAborted()
      let work = works.get(id)
      // Nobody can attach to what is being stopped, and two must never be at the same work.
      while (work !== undefined && work.stop.signal.aborted && !work.ended) {
        await endOf(work)
        signal?.throwIfAborted()
        work = works.get(id)
      }
      return (await waitFor(work ?? begin(task, id), options)) as ResultOf<K>
    },
    async discard(id) {
      const work = works.get(id)
      if (work === undefined) return
      work.stop.abort(new Error('discarded'))
      await endOf(work)
      // Somebody may have begun it anew by now.
      if (works.get(id) === work) works.delete(id)
    },
  }
}
