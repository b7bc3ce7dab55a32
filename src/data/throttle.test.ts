// A throttled store: same bytes, at the rate that was asked, all streams together; measured on a real clock.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setTimeout as after } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { memoryStore } from '../testing/memory-store.ts'
import type { ObjectStore } from '../ports/store.ts'
import { pacer, throttled } from './throttle.ts'

const clock = {
  now: () => new Date(),
  sleep: async (ms: number, signal?: AbortSignal) => await after(ms, undefined, signal === undefined ? {} : { signal }),
}
const never = new AbortController().signal
const MB = 1024 * 1024

test('two writers and then a reader keep to the rate together', async () => {
  const store = throttled(memoryStore(), pacer(8 * MB, clock, never))
  const [one, other] = [randomBytes(MB), randomBytes(MB)]
  const started = performance.now()
  await Promise.all([store.put('one', Readable.from([one])), store.put('other', other)])
  expect((await buffer(await store.get('one'))).equals(one)).toBe(true)
  const seconds = (performance.now() - started) / 1000
  // 3 MiB at 8 MiB/s, less the tenth of a second that goes at once.
  expect(seconds).toBeGreaterThan(0.27)
  expect(seconds).toBeLessThan(1.5)
  expect((await buffer(await store.get('other'))).equals(other)).toBe(true)
})

test('an empty object stays one, and a source that fails is the error of the put', async () => {
  const store = throttled(memoryStore(), pacer(MB, clock, never))
  expect(await store.put('empty', new Uint8Array())).toEqual({ sizeBytes: 0 })
  const broken = Readable.from(
    (async function* () {
      yield Buffer.from('a')
      throw new Error('cut')
    })(),
  )
  await expect(store.put('broken', broken)).rejects.toThrow('cut')
  expect(await store.head('broken')).toBeUndefined()
})

test('a reader that goes away lets go of the stream below', async () => {
  let source: Readable | undefined
  const inner: ObjectStore = {
    ...memoryStore(),
    get: () => Promise.resolve((source = Readable.from([Buffer.alloc(MB), Buffer.alloc(MB)]))),
  }
  const stream = await throttled(inner, pacer(64 * 1024, clock, never)).get('x')
  await once(stream, 'readable')
  stream.destroy()
  await expect.poll(() => source?.destroyed).toBe(true)
})

test('told to end, nobody waits for the rate', async () => {
  const stop = new AbortController()
  const store = throttled(memoryStore(), pacer(64 * 1024, clock, stop.signal))
  const put = store.put('slow', Buffer.alloc(10 * MB))
  setTimeout(() => stop.abort(new Error('told to end')), 50)
  const started = performance.now()
  await expect(put).rejects.toThrow()
  expect(performance.now() - started).toBeLessThan(2_000)
})
