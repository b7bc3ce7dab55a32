import { expect, test } from 'vitest'
import type { DataProgress } from '../../core/data/tasks.ts'
import { localDataPlane, type RunTask } from './local.ts'

const TASK = { kind: 'check-store' as const, store: { type: 'directory' as const, path: '/x' } }

/** A plane whose work ends when the test says so. */
function plane() {
  const started: {
    progress: (progress: DataProgress) => void
    signal: AbortSignal
    end: (value: unknown) => void
    fail: (error: Error) => void
  }[] = []
  const runTask = (async (
    _task: unknown,
    options: { onProgress: (progress: DataProgress) => void; signal: AbortSignal },
  ) =>
    await new Promise<unknown>((resolve, reject) => {
      started.push({ progress: options.onProgress, signal: options.signal, end: resolve, fail: reject })
      options.signal.addEventListener('abort', () => reject(options.signal.reason as Error))
    })) as RunTask
  return { plane: localDataPlane(runTask), started }
}

test('one id is one piece of work, for whoever asks while it is under way and after it has ended', async () => {
  const { plane: local, started } = plane()
  const heard: string[] = []
  const first = local.run(TASK, { id: 'a', onProgress: (progress) => heard.push(`1 ${progress.phase}`) })
  const second = local.run(TASK, { id: 'a', onProgress: (progress) => heard.push(`2 ${progress.phase}`) })
  started[0]?.progress({ phase: 'x' })
  started[0]?.end({ createOnly: true })
  expect(await first).toEqual({ createOnly: true })
  expect(await second).toEqual({ createOnly: true })
  expect(await local.run(TASK, { id: 'a' })).toEqual({ createOnly: true })
  expect(started.length).toBe(1)
  expect(heard).toEqual(['1 x', '2 x'])
})

test('a failure stays the failure of its id; another id is other work', async () => {
  const { plane: local, started } = plane()
  const work = local.run(TASK, { id: 'a' })
  started[0]?.fail(new Error('broken'))
  await expect(work).rejects.toThrow('broken')
  await expect(local.run(TASK, { id: 'a' })).rejects.toThrow('broken')
  void local.run(TASK, { id: 'b' })
  expect(started.length).toBe(2)
})

test('an abort stops the waiting, not the work', async () => {
  const { plane: local, started } = plane()
  const controller = new AbortController()
  const waiting = local.run(TASK, { id: 'a', signal: controller.signal })
  controller.abort(new Error('I leave'))
  await expect(waiting).rejects.toThrow('I leave')
  expect(started[0]?.signal.aborted).toBe(false)
  const again = local.run(TASK, { id: 'a' })
  started[0]?.end({ createOnly: true })
  expect(await again).toEqual({ createOnly: true })
})

test('discard ends the work and forgets it', async () => {
  const { plane: local, started } = plane()
  const work = local.run(TASK, { id: 'a' })
  const ended = expect(work).rejects.toThrow('discarded')
  await local.discard('a')
  await ended
  await local.discard('a')
  void local.run(TASK, { id: 'a' })
  expect(started.length).toBe(2)
})
