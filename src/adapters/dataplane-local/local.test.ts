import { expect, test } from 'vitest'
import type { DataProgress } from '../../core/data/tasks.ts'
import { localDataPlane, type RunTask } from './local.ts'

const TASK = { kind: 'check-store' as const, store: { type: 'directory' as const, path: '/x' } }

/** A plane whose work ends when the test says so, told to end or not. */
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
    })) as RunTask
  return { plane: localDataPlane(runTask), started }
}

/** How it has ended so far, when everything that was to happen by now has happened. */
async function stateOf(promise: Promise<unknown>): Promise<unknown> {
  const end = promise.catch((error: Error) => error.message)
  await new Promise((resolve) => setImmediate(resolve))
  return await Promise.race([end, Promise.resolve('under way')])
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

test('who leaves last stops the work, and is told so when it has ended', async () => {
  const { plane: local, started } = plane()
  const controller = new AbortController()
  const waiting = local.run(TASK, { id: 'a', signal: controller.signal })
  controller.abort(new Error('I leave'))
  expect(started[0]?.signal.reason).toBe(controller.signal.reason)
  expect(await stateOf(waiting)).toBe('under way')
  started[0]?.fail(new Error('a program was ended'))
  await expect(waiting).rejects.toBe(controller.signal.reason)
  // Forgotten: whoever asks again has it done.
  const again = local.run(TASK, { id: 'a' })
  started[1]?.end({ createOnly: true })
  expect(await again).toEqual({ createOnly: true })
})

test('who leaves while others wait goes at once, and the work goes on for them', async () => {
  const { plane: local, started } = plane()
  const controller = new AbortController()
  const heard: string[] = []
  const onProgress = ({ phase }: DataProgress): void => void heard.push(phase)
  const first = local.run(TASK, { id: 'a', signal: controller.signal, onProgress })
  const second = local.run(TASK, { id: 'a' })
  controller.abort(new Error('I leave'))
  await expect(first).rejects.toThrow('I leave')
  expect(started[0]?.signal.aborted).toBe(false)
  started[0]?.progress({ phase: 'x' })
  started[0]?.end({ createOnly: true })
  expect(await second).toEqual({ createOnly: true })
  expect(heard).toEqual([])
  expect(started.length).toBe(1)
})

test('of several who leave by one signal nobody goes before the work has ended', async () => {
  const { plane: local, started } = plane()
  const controller = new AbortController()
  const { signal } = controller
  const waiting = [local.run(TASK, { id: 'a', signal }), local.run(TASK, { id: 'a', signal })]
  controller.abort(new Error('we leave'))
  for (const one of waiting) expect(await stateOf(one)).toBe('under way')
  started[0]?.fail(new Error('ended'))
  for (const one of waiting) await expect(one).rejects.toThrow('we leave')
})

test('nobody attaches to work that is being stopped: who comes meanwhile waits for its end, and has it done anew', async () => {
  const { plane: local, started } = plane()
  const [first, second] = [new AbortController(), new AbortController()]
  const stopped = local.run(TASK, { id: 'a', signal: first.signal })
  first.abort(new Error('stopped'))
  const next = local.run(TASK, { id: 'a' })
  const late = local.run(TASK, { id: 'a', signal: second.signal })
  second.abort(new Error('late'))
  expect(await stateOf(next)).toBe('under way')
  expect(await stateOf(late)).toBe('under way')
  expect(started.length).toBe(1)
  started[0]?.fail(new Error('ended'))
  await expect(stopped).rejects.toThrow('stopped')
  await expect(late).rejects.toThrow('late')
  expect(await stateOf(next)).toBe('under way')
  expect(started.length).toBe(2)
  expect(started[1]?.signal.aborted).toBe(false)
  started[1]?.end({ createOnly: true })
  expect(await next).toEqual({ createOnly: true })
})

test('a result that work came to all the same is kept for who asks again', async () => {
  const { plane: local, started } = plane()
  const controller = new AbortController()
  const waiting = local.run(TASK, { id: 'a', signal: controller.signal })
  controller.abort(new Error('I leave'))
  started[0]?.end({ createOnly: true })
  await expect(waiting).rejects.toThrow('I leave')
  expect(await local.run(TASK, { id: 'a' })).toEqual({ createOnly: true })
  expect(started.length).toBe(1)
})

test('an abort after the end changes nothing; who was told to stop before he asks begins nothing', async () => {
  const { plane: local, started } = plane()
  const controller = new AbortController()
  const { signal } = controller
  const waiting = local.run(TASK, { id: 'a', signal })
  started[0]?.end({ createOnly: true })
  expect(await waiting).toEqual({ createOnly: true })
  controller.abort(new Error('too late'))
  expect(started[0]?.signal.aborted).toBe(false)
  expect(await local.run(TASK, { id: 'a' })).toEqual({ createOnly: true })
  await expect(local.run(TASK, { id: 'b', signal })).rejects.toThrow('too late')
  expect(started.length).toBe(1)
})

test('discard stops the work, waits for its end and forgets it, whatever it ended with', async () => {
  const { plane: local, started } = plane()
  const work = local.run(TASK, { id: 'a' })
  const discarding = local.discard('a')
  expect(started[0]?.signal.aborted).toBe(true)
  expect(await stateOf(discarding)).toBe('under way')
  started[0]?.fail(started[0].signal.reason as Error)
  await expect(work).rejects.toThrow('discarded')
  await discarding
  await local.discard('a')
  const second = local.run(TASK, { id: 'a' })
  started[1]?.end({ createOnly: true })
  await second
  await local.discard('a')
  void local.run(TASK, { id: 'a' })
  expect(started.length).toBe(3)
})

test('discard of work that its last waiter is stopping waits for the same end, and leaves what was begun after it', async () => {
  const { plane: local, started } = plane()
  const controller = new AbortController()
  const stopped = local.run(TASK, { id: 'a', signal: controller.signal })
  controller.abort(new Error('I leave'))
  const next = local.run(TASK, { id: 'a' })
  const discarding = local.discard('a')
  expect(await stateOf(discarding)).toBe('under way')
  started[0]?.fail(new Error('ended'))
  await discarding
  await expect(stopped).rejects.toThrow('I leave')
  expect(started.length).toBe(2)
  const attached = local.run(TASK, { id: 'a' })
  started[1]?.end({ createOnly: true })
  expect(await next).toEqual({ createOnly: true })
  expect(await attached).toEqual({ createOnly: true })
  expect(started.length).toBe(2)
})
