import { expect, test } from 'vitest'
import { inParallel, together } from './parallel.ts'

const never = new AbortController().signal
const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

test('never more at once than told, every item once', async () => {
  let running = 0
  let most = 0
  const done: number[] = []
  await inParallel([1, 2, 3, 4, 5, 6, 7], 3, never, async (item) => {
    most = Math.max(most, ++running)
    await later(5)
    done.push(item)
    running--
  })
  expect(most).toBe(3)
  expect(done.toSorted((left, right) => left - right)).toEqual([1, 2, 3, 4, 5, 6, 7])
})

test('the first failure is what is thrown, after the others have ended; nothing new begins', async () => {
  const begun: number[] = []
  let ended = false
  const work = inParallel([1, 2, 3, 4], 2, never, async (item, signal) => {
    begun.push(item)
    if (item === 1) throw new Error('first')
    await later(20)
    ended = signal.aborted
    throw new Error('second')
  })
  await expect(work).rejects.toThrow('first')
  expect(ended).toBe(true)
  expect(begun).toEqual([1, 2])
})

test('an abort from outside comes through with its reason', async () => {
  const controller = new AbortController()
  const work = inParallel([1, 2], 1, controller.signal, async () => {
    controller.abort(new Error('outside'))
  })
  await expect(work).rejects.toThrow('outside')
})

test('results of works that go together stay in their places', async () => {
  const results = await together<[string, number]>(never, [async () => (await later(5), 'slow'), async () => 7])
  expect(results).toEqual(['slow', 7])
})

test('when one of them fails the other is told', async () => {
  let told = false
  const works = together<[void, void]>(never, [
    async () => {
      throw new Error('one')
    },
    async (signal) => {
      await later(10)
      told = signal.aborted
    },
  ])
  await expect(works).rejects.toThrow('one')
  expect(told).toBe(true)
})
