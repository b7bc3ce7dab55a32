// DataPlane in this process: for databases that can be reached from here. The work under an id lives as long as the process;
// after that the tasks themselves see to it that doing one again does no harm.
import type { DataPlane, RunTaskOptions } from '../../ports/dataplane.ts'
import type { DataProgress, DataTask, ResultOf, TaskOf } from '../../core/data/tasks.ts'

export type RunTask = <K extends DataTask['kind']>(
  task: TaskOf<K>,
  options: { onProgress: (progress: DataProgress) => void; signal: AbortSignal },
) => Promise<ResultOf<K>>

interface Work {
  result: Promise<unknown>
  stop: AbortController
  listeners: Set<(progress: DataProgress) => void>
}

/** Resolves with the work's outcome, or rejects with the signal's reason as soon as it aborts; the work goes on. */
async function waitFor(work: Work, options: RunTaskOptions): Promise<unknown> {
  const { signal, onProgress } = options
  signal?.throwIfAborted()
  if (onProgress !== undefined) work.listeners.add(onProgress)
  let stopWaiting = (): void => undefined
  const aborted = new Promise<never>((_, reject) => {
    stopWaiting = () => reject(signal?.reason as Error)
    signal?.addEventListener('abort', stopWaiting, { once: true })
  })
  try {
    return await Promise.race([work.result, aborted])
  } finally {
    signal?.removeEventListener('abort', stopWaiting)
    if (onProgress !== undefined) work.listeners.delete(onProgress)
  }
}

export function localDataPlane(runTask: RunTask): DataPlane {
  const works = new Map<string, Work>()
  return {
    kind: 'local',
    async run<K extends DataTask['kind']>(task: TaskOf<K>, options: RunTaskOptions) {
      let work = works.get(options.id)
      if (work === undefined) {
        const listeners: Work['listeners'] = new Set()
        const stop = new AbortController()
        const onProgress = (progress: DataProgress): void => listeners.forEach((listener) => listener(progress))
        const result = runTask(task, { onProgress, signal: stop.signal })
        // Whoever waits gets the error; nobody may be waiting at this moment.
        result.catch(() => undefined)
        work = { result, stop, listeners }
        works.set(options.id, work)
      }
      return (await waitFor(work, options)) as ResultOf<K>
    },
    async discard(id) {
      const work = works.get(id)
      if (work === undefined) return
      work.stop.abort(new Error('discarded'))
      await work.result.then(
        () => undefined,
        () => undefined,
      )
      works.delete(id)
    },
  }
}
