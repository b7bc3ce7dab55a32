import { Readable } from 'node:stream'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { WorkDir } from '../../ports/workdir.ts'
import { memoryStore } from '../../testing/memory-store.ts'
import { unpackFiles } from '../pack.ts'
import { shipping } from './shipping.ts'

/** Nothing is encrypted: what is stored can be looked at. */
const cipher = {
  encrypt: (plain: Readable | Uint8Array) =>
    Promise.resolve(plain instanceof Uint8Array ? Readable.from([plain], { objectMode: false }) : plain),
  decrypt: (stored: Readable) => Promise.resolve(stored),
}

function place(files: Record<string, string>) {
  const there = new Map(Object.entries(files))
  const bytesOf = (name: string): Buffer => Buffer.from(there.get(name) ?? '')
  const work = {
    read: (name: string) => Readable.from([bytesOf(name)], { objectMode: false }),
    at: (name: string) => `/w/${name}`,
    bytes: (name: string) => Promise.resolve(bytesOf(name)),
    remove: (name: string) => Promise.resolve(void there.delete(name)),
  } as unknown as WorkDir
  const store = memoryStore()
  const told: [bytes: number, bytesTotal: number | undefined][] = []
  const ship = shipping({ store, cipher, set: 'ns/rel/set' }, work, ['age1x'], (...now) => void told.push(now))
  const add = (name: string, sizeBytes = 10): void =>
    ship.add({ name: `x/${name}.age`, sizeBytes, content: { file: name } })
  return { there, store, ship, add, told }
}

const never = new AbortController().signal

test('what is added is stored and removed here, however late it comes', async () => {
  const { there, store, ship, add, told } = place({ early: 'one', big: 'two', late: 'three' })
  add('early')
  const run = ship.run(never)
  add('big', 10_000_000)
  await expect.poll(() => there.has('big')).toBe(false)
  add('late')
  ship.close()
  await run
  expect([...store.objects].map(([name, content]) => [name, content.toString()])).toEqual([
    ['ns/rel/set/x/early.age', 'one'],
    ['ns/rel/set/x/big.age', 'two'],
    ['ns/rel/set/x/late.age', 'three'],
  ])
  expect(there.size).toBe(0)
  expect(ship.parts.map((part) => part.plainBytes)).toEqual([3, 3, 5])
  // Of how much is known when nothing more comes, and is in the end what it was, whatever was believed of a file.
  expect(told[0]).toEqual([3, undefined])
  expect(told.at(-1)).toEqual([11, 11])
})

test('what is still plain is stored compressed, whether big, small, or one of many', async () => {
  const { there, store, ship } = place({
    'd/1.dat': 'rows',
    'd/2.dat': 'more',
    'd/blob_3.dat': 'object',
    'd/blob_4.dat.gz': 'done',
  })
  const gzip = {
    compression: 'gzip:2',
    packed: (path: string) => Readable.from([Buffer.from(`gzipped ${path}`)], { objectMode: false }),
  }
  ship.add({ name: 'x/1.dat.gz.age', sizeBytes: 10_000_000, content: { file: 'd/1.dat', gzip } })
  ship.add({ name: 'x/2.dat.gz.age', sizeBytes: 4, content: { file: 'd/2.dat', gzip } })
  ship.add({ name: 'x/blobs_1.tar.age', sizeBytes: 10, content: { files: ['d/blob_3.dat', 'd/blob_4.dat.gz'] } })
  ship.close()
  await ship.run(never)
  const stored = (name: string): Buffer => store.objects.get(`ns/rel/set/x/${name}.age`) ?? Buffer.alloc(0)
  expect(stored('1.dat.gz').toString()).toBe('gzipped /w/d/1.dat')
  expect(gunzipSync(stored('2.dat.gz')).toString()).toBe('more')
  const [object, done] = unpackFiles(stored('blobs_1.tar'))
  expect([object?.name, done?.name]).toEqual(['blob_3.dat.gz', 'blob_4.dat.gz'])
  expect(gunzipSync(object?.bytes ?? Buffer.alloc(0)).toString()).toBe('object')
  expect(done?.bytes.toString()).toBe('done')
  expect(there.size).toBe(0)
})

test('a name is stored once, however often it is added', async () => {
  const { store, ship, add } = place({ table: 'rows' })
  add('table')
  add('table')
  ship.close()
  await ship.run(never)
  expect(store.objects.size).toBe(1)
})

test('the first failure ends the run, which waits for no more to come', async () => {
  const { there, store, ship, add } = place({ one: '1', two: '2' })
  store.fault = () => {
    throw new Error('the store broke')
  }
  add('one')
  await expect(ship.run(never)).rejects.toThrow('the store broke')
  // What could not be stored is still here.
  expect(there.has('one')).toBe(true)
})

test('an abort ends the waiting', async () => {
  const { ship } = place({})
  const stop = new AbortController()
  const run = ship.run(stop.signal)
  stop.abort(new Error('enough'))
  await expect(run).rejects.toThrow('enough')
})
