// A store that misbehaves: its callers' promises hold, or they say that they could not be kept.
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { certainStore } from '../../../src/adapters/store/certain.ts'
import { ageCipher } from '../../../src/adapters/age/cipher.ts'
import { generateIdentity } from '../../../src/adapters/age/identity.ts'
import { PawlError } from '../../../src/core/errors.ts'
import { secret } from '../../../src/core/secret.ts'
import { fetchPart, storePart } from '../../../src/data/archive.ts'
import { runCheckStore } from '../../../src/data/check-store/task.ts'
import type { DataDeps } from '../../../src/data/deps.ts'
import type { ObjectStore } from '../../../src/ports/store.ts'
import { faultyStore, type FaultChoice, type StoreFault } from '../../../src/testing/faulty-store.ts'
import { memoryStore } from '../../../src/testing/memory-store.ts'
import { codeOf, storeConformance } from './suite.ts'

/** Every put's answer is lost, in both ways by turns; reads come slowly. */
function lossy(): FaultChoice {
  let puts = 0
  return (operation) => {
    if (operation === 'put') return (puts += 1) % 2 === 0 ? 'lost-answer' : 'lost-answer-repeated'
    return operation === 'get' ? 'slow' : undefined
  }
}

storeConformance('lost answers', { tiny: true }, async () => {
  const own = new PawlError({ code: 'store-unreadable', message: 'not there' })
  return {
    open: async () => certainStore(faultyStore(memoryStore(), lossy())),
    unwritable: async () => certainStore(faultyStore(memoryStore({ writable: false }), lossy())),
    tiny: async () => certainStore(faultyStore(memoryStore({ capacityBytes: 3_000_000 }), lossy())),
    gone: async () => {
      const store = memoryStore()
      store.fault = () => {
        throw own
      }
      return certainStore(store)
    },
    dispose: async () => undefined,
  }
})

const signal = new AbortController().signal
const on = (wanted: string, fault: StoreFault, times = Number.POSITIVE_INFINITY): FaultChoice => {
  let left = times
  return (operation) => (operation === wanted && (left -= 1) >= 0 ? fault : undefined)
}
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

test('after a lost answer, other bytes under the name are a conflict and stay', async () => {
  const memory = memoryStore()
  const other = certainStore(memory)
  // Somebody else takes the name between the look and the write.
  const store = certainStore(
    faultyStore(memory, (operation, name) => {
      if (operation === 'put') memory.objects.set(name, Buffer.from('theirs'))
      return undefined
    }),
  )
  expect(await codeOf(store.put('name', bytes('mine!!')))).toBe('cluster-conflict')
  expect((await buffer(await other.get('name'))).toString()).toBe('theirs')
})

test('a write that did not happen is not taken for one that did', async () => {
  const store = certainStore(faultyStore(memoryStore(), on('put', 'cut')))
  expect(await codeOf(store.put('a', Readable.from([bytes('one'), bytes('two')])))).toBe('store-unwritable')
  expect(await store.head('a')).toBeUndefined()
})

test('where nobody answers any more, it is said that nothing is known', async () => {
  const memory = memoryStore()
  let written = false
  const store = certainStore(
    faultyStore(memory, (operation) => {
      if (operation === 'put') {
        written = true
        return 'lost-answer'
      }
      return written ? 'unavailable' : undefined
    }),
  )
  await expect(store.put('a', bytes('x'))).rejects.toMatchObject({
    code: 'store-unwritable',
    message: expect.stringContaining('not known') as string,
  })
})

test.each(['cut', 'short-read', 'wrong-bytes', 'slow', 'unavailable'] as const)(
  'an encrypted file read through "%s" is right, or it is refused',
  async (fault) => {
    const { identity, recipient } = await generateIdentity()
    const memory = memoryStore()
    const plain = randomBytes(300_000)
    const good = { store: memory, cipher: ageCipher(), set: 'set' }
    const part = await storePart(good, 'part.age', plain, [recipient], signal)
    const faulty = { ...good, store: certainStore(faultyStore(memory, on('get', fault))) }
    const read = fetchPart(faulty, part, secret(identity), signal, async (stream) => await buffer(stream))
    if (fault === 'slow') expect(await read).toEqual(plain)
    else
      expect(await codeOf(read)).toBe(
        fault === 'cut' || fault === 'unavailable' ? 'store-unreadable' : 'backup-damaged',
      )
  },
)

async function checked(store: ObjectStore) {
  const deps = { openStore: async () => store, randomName: () => 'probe' } as unknown as DataDeps
  return await runCheckStore({ kind: 'check-store', store: { type: 'directory', path: '/x' } }, deps, {
    report: () => undefined,
    signal,
  })
}

test('the check of a store: lost answers are no harm, wrong bytes and a full store are found', async () => {
  const memory = memoryStore()
  expect(await checked(certainStore(faultyStore(memory, on('put', 'lost-answer'))))).toEqual({ createOnly: true })
  expect(memory.objects.size).toBe(0)
  expect(await codeOf(checked(faultyStore(memory, on('get', 'wrong-bytes'))))).toBe('store-unreadable')
  expect(await codeOf(checked(faultyStore(memory, on('put', 'full'))))).toBe('store-full')
})

test('a service that does not honour the condition is found out, whatever looks before each write', async () => {
  const memory = memoryStore()
  const careless: ObjectStore = {
    ...memory,
    async put(name, body, stop) {
      const whole = body instanceof Uint8Array ? body : await buffer(body)
      memory.objects.delete(name)
      return await memory.put(name, whole, stop)
    },
  }
  expect(await checked(certainStore(careless))).toEqual({ createOnly: false })
  expect(await checked(careless)).toEqual({ createOnly: false })
  expect(await checked(certainStore(memoryStore()))).toEqual({ createOnly: true })
  expect(await codeOf(checked(memoryStore({ writable: false })))).toBe('store-unwritable')
})

test('each fault does happen', async () => {
  const memory = memoryStore()
  await memory.put('a', bytes('old'))
  const faulty = faultyStore(memory, (operation) => (operation === 'list' ? 'listing-lag' : undefined))
  await faulty.put('b', bytes('new'))
  expect((await faulty.list('')).map((object) => object.name)).toEqual(['a'])
  expect(faulty.happened.get('listing-lag')).toBe(1)
})
