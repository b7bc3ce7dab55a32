// What every store must do, whatever it is made of. A store's own file hands over how to make one; this asks the questions.
import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isPawlError } from '../../../src/core/errors.ts'
import type { ObjectStore } from '../../../src/ports/store.ts'

export interface StoreKit {
  /** An empty store. */
  open: () => Promise<ObjectStore>
  /** The same place again, as another process would open it. */
  reopen?: (store: ObjectStore) => Promise<ObjectStore>
  /** A store that may not be written. */
  unwritable: () => Promise<ObjectStore>
  /** A store with less than 4 MB of room; asked for where the options say so. */
  tiny?: () => Promise<ObjectStore>
  /** A store that is not there at all. */
  gone: () => Promise<ObjectStore>
  dispose: () => Promise<void>
}

export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'fulfilled'
  } catch (error) {
    return isPawlError(error) ? error.code : `not translated: ${String(error)}`
  }
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

async function read(store: ObjectStore, name: string): Promise<string> {
  return (await buffer(await store.get(name))).toString()
}

const MEGABYTE = 1024 * 1024

/** `count` MB that differ, made as they are read. */
function* megabytes(count: number): Generator<Buffer> {
  for (let at = 0; at < count; at++) yield Buffer.alloc(MEGABYTE, `${at}`)
}

/** `tiny`: this kind of store tells when it is full. */
export function storeConformance(kind: string, options: { tiny: boolean }, make: () => Promise<StoreKit>): void {
  describe(`store: ${kind}`, () => {
    let kit: StoreKit
    let store: ObjectStore
    beforeAll(async () => {
      kit = await make()
      store = await kit.open()
    })
    afterAll(async () => await kit.dispose())

    test('what was put is what is got, as bytes and as a stream', async () => {
      const odd = randomBytes(100_003)
      expect(await store.put('a/bytes', odd)).toEqual({ sizeBytes: odd.length })
      expect(await store.put('a/stream', Readable.from([odd.subarray(0, 7), odd.subarray(7)]))).toEqual({
        sizeBytes: odd.length,
      })
      expect(await buffer(await store.get('a/bytes'))).toEqual(odd)
      expect(await buffer(await store.get('a/stream'))).toEqual(odd)
    })

    test('an empty object is an object', async () => {
      await store.put('empty/bytes', new Uint8Array(0))
      await store.put('empty/stream', Readable.from([], { objectMode: false }))
      expect(await store.head('empty/bytes')).toMatchObject({ name: 'empty/bytes', sizeBytes: 0 })
      expect(await read(store, 'empty/bytes')).toBe('')
      expect(await read(store, 'empty/stream')).toBe('')
    })

    test('a name is given once: a second put is refused and changes nothing', async () => {
      await store.put('once', bytes('first'))
      expect(await codeOf(store.put('once', bytes('second')))).toBe('cluster-conflict')
      expect(await codeOf(store.put('once', Readable.from([bytes('third, as a stream')])))).toBe('cluster-conflict')
      expect(await read(store, 'once')).toBe('first')
    })

    test('a big object cannot take a name that is given either', async () => {
      await store.put('once-big', bytes('first'))
      expect(await codeOf(store.put('once-big', Readable.from(megabytes(20), { objectMode: false })))).toBe(
        'cluster-conflict',
      )
      expect(await read(store, 'once-big')).toBe('first')
    })

    test('of several who put the same name at the same time one wins, and its bytes stay', async () => {
      const tries = await Promise.allSettled(
        [1, 2, 3, 4].map((number) => store.put('race', Readable.from([bytes(`writer ${number}`)]))),
      )
      const winners = tries.flatMap((outcome, at) => (outcome.status === 'fulfilled' ? [at + 1] : []))
      expect(winners.length).toBe(1)
      expect(await read(store, 'race')).toBe(`writer ${winners[0]}`)
    })

    test('after a removal the name is free again', async () => {
      await store.put('again', bytes('one'))
      expect(await store.remove('again')).toBe(true)
      await store.put('again', bytes('two'))
      expect(await read(store, 'again')).toBe('two')
    })

    test('a source that breaks half-way leaves nothing under the name', async () => {
      function* broken() {
        yield* megabytes(7)
        throw new Error('the disk it came from is gone')
      }
      await expect(store.put('half', Readable.from(broken(), { objectMode: false }))).rejects.toThrow(
        'the disk it came from is gone',
      )
      expect(await store.head('half')).toBeUndefined()
      expect(await store.list('half')).toEqual([])
      await store.put('half', bytes('whole'))
      expect(await read(store, 'half')).toBe('whole')
    })

    test('an abort half-way leaves nothing under the name and rejects with the reason', async () => {
      const controller = new AbortController()
      async function* slow() {
        yield* megabytes(2)
        controller.abort(new Error('enough'))
        yield* megabytes(20)
      }
      await expect(
        store.put('aborted', Readable.from(slow(), { objectMode: false }), controller.signal),
      ).rejects.toThrow('enough')
      expect(await store.head('aborted')).toBeUndefined()
    })

    test('a big object comes back whole', async () => {
      const hash = createHash('sha256')
      for (const chunk of megabytes(40)) hash.update(chunk)
      expect(await store.put('big', Readable.from(megabytes(40), { objectMode: false }))).toEqual({
        sizeBytes: 40 * MEGABYTE,
      })
      expect(await store.head('big')).toMatchObject({ name: 'big', sizeBytes: 40 * MEGABYTE })
      const back = createHash('sha256')
      for await (const chunk of (await store.get('big')) as AsyncIterable<Uint8Array>) back.update(chunk)
      expect(back.digest('hex')).toBe(hash.digest('hex'))
    })

    test.each([8 * MEGABYTE, 8 * MEGABYTE + 1, 16 * MEGABYTE, 16 * MEGABYTE + 1])(
      'an object of %d bytes, where parts begin and end, comes back whole',
      async (size) => {
        const whole = randomBytes(size)
        const name = `edges/${size}`
        await store.put(name, Readable.from([whole.subarray(0, size - 1), whole.subarray(size - 1)]))
        expect(Buffer.compare(await buffer(await store.get(name)), whole)).toBe(0)
      },
    )

    test('several readers of one object each get all of it', async () => {
      await store.put('read-by-many', Readable.from(megabytes(3), { objectMode: false }))
      const lengthRead = async (): Promise<number> => (await buffer(await store.get('read-by-many'))).length
      expect(await Promise.all([lengthRead(), lengthRead(), lengthRead()])).toEqual(
        [3, 3, 3].map((count) => count * MEGABYTE),
      )
    })

    test('a write that was told to stop before it began writes nothing', async () => {
      const stop = AbortSignal.abort(new Error('never begun'))
      await expect(store.put('not-begun', bytes('x'), stop)).rejects.toThrow()
      await expect(store.put('not-begun', Readable.from([bytes('x')]), stop)).rejects.toThrow()
      expect(await store.head('not-begun')).toBeUndefined()
    })

    test('a reader that stops early does no harm', async () => {
      await store.put('partly', Readable.from(megabytes(5), { objectMode: false }))
      for await (const _ of await store.get('partly')) break
      expect((await buffer(await store.get('partly'))).length).toBe(5 * MEGABYTE)
    })

    test('many objects are listed, every one, in name order', async () => {
      const names = Array.from({ length: 1100 }, (_, at) => `many/${String((at * 7919) % 1100).padStart(4, '0')}`)
      for (let at = 0; at < names.length; at += 50)
        await Promise.all(names.slice(at, at + 50).map((name) => store.put(name, bytes(name))))
      const listed = await store.list('many/')
      expect(listed.map((object) => object.name)).toEqual(names.toSorted())
      expect(listed.every((object) => object.sizeBytes === 9)).toBe(true)
    })

    test('a prefix is a prefix of the name, not a directory', async () => {
      for (const name of ['p/one/x', 'p/one/y', 'p/one-more/z', 'p/two']) await store.put(name, bytes(name))
      expect((await store.list('p/one')).map((object) => object.name)).toEqual(['p/one-more/z', 'p/one/x', 'p/one/y'])
      expect((await store.list('p/one/')).map((object) => object.name)).toEqual(['p/one/x', 'p/one/y'])
      expect(await store.list('p/three')).toEqual([])
    })

    test('a missing object: head says so, get is backup-damaged and names it', async () => {
      expect(await store.head('not/there')).toBeUndefined()
      await expect(store.get('not/there')).rejects.toMatchObject({
        code: 'backup-damaged',
        message: expect.stringContaining('not/there'),
      })
    })

    test('removing tells whether something was there, and leaves the neighbours', async () => {
      await store.put('r/one', bytes('1'))
      await store.put('r/two', bytes('2'))
      expect(await store.remove('r/one')).toBe(true)
      expect(await store.remove('r/one')).toBe(false)
      expect(await store.remove('never/was')).toBe(false)
      expect((await store.list('r/')).map((object) => object.name)).toEqual(['r/two'])
    })

    test('names with every character that a set uses', async () => {
      const name = 'name-space/re.lease_1/20261123-171500-k3f9/ledger/data/3456.dat.gz.age'
      await store.put(name, bytes('x'))
      expect((await store.list('name-space/')).map((object) => object.name)).toEqual([name])
    })

    test('no name leads out of the store', async () => {
      for (const name of ['../out', 'a/../../out', '/etc/out', '', 'a//b', 'a/./b', 'a\0b']) {
        expect(await codeOf(store.put(name, bytes('x'))), name).toBe('internal')
      }
    })

    test('where it says for messages holds no credentials', () => {
      expect(store.where).not.toMatch(/secret|key=|password|canary/i)
    })

    test('what one process put another one finds', async () => {
      await store.put('shared', bytes('seen'))
      const other = kit.reopen === undefined ? store : await kit.reopen(store)
      expect(await read(other, 'shared')).toBe('seen')
      expect(await codeOf(other.put('shared', bytes('again')))).toBe('cluster-conflict')
    })

    test('a store that may not be written is store-unwritable', async () => {
      const closed = await kit.unwritable()
      expect(await codeOf(closed.put('x', bytes('x')))).toBe('store-unwritable')
      expect(await codeOf(closed.put('y', Readable.from([bytes('y')])))).toBe('store-unwritable')
    })

    test('a store that is not there is store-unwritable for a write and store-unreadable for a list', async () => {
      const gone = await kit.gone()
      expect(await codeOf(gone.put('x', bytes('x')))).toBe('store-unwritable')
      expect(await codeOf(gone.list(''))).toBe('store-unreadable')
    })

    if (options.tiny)
      test('a full store is store-full, and the object that did not fit is not there', async () => {
        if (kit.tiny === undefined) throw new Error('the kit has no tiny store')
        const tiny = await kit.tiny()
        expect(await codeOf(tiny.put('too-big', Readable.from(megabytes(8), { objectMode: false })))).toBe('store-full')
        expect(await tiny.head('too-big')).toBeUndefined()
        await tiny.put('small', bytes('fits'))
        expect(await read(tiny, 'small')).toBe('fits')
      })

    test('when an object was written is known, by head and by list', async () => {
      const before = Date.now() - 5_000
      await store.put('time/x', bytes('x'))
      const times = [await store.head('time/x'), ...(await store.list('time/'))].map((found) => found?.modifiedAt ?? '')
      for (const time of times) {
        expect(time).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/)
        expect(Date.parse(time)).toBeGreaterThan(before)
        expect(Date.parse(time)).toBeLessThan(Date.now() + 5_000)
      }
    })

    test('a write that is under way is not taken for one that was given up', async () => {
      async function* slow() {
        yield* megabytes(20)
        expect(await store.stranded({ under: '', before: new Date(Date.now() - 3_600_000) }, 'remove')).toBe(0)
        yield* megabytes(1)
      }
      await store.put('under-way', Readable.from(slow(), { objectMode: false }))
      expect((await store.head('under-way'))?.sizeBytes).toBe(21 * MEGABYTE)
    })

    test('free space is a number of bytes or unknown', async () => {
      const free = await store.freeBytes()
      expect(free === undefined || free > 1000).toBe(true)
    })
  })
}
