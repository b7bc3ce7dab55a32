import { Readable, Transform } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { PawlError } from '../core/errors.ts'
import { secret } from '../core/secret.ts'
import type { Cipher } from '../ports/cipher.ts'
import { memoryStore } from '../testing/memory-store.ts'
import { fetchDocument, storePart, type Vault } from './archive.ts'

/** Not a cipher: a header with the recipient, and every byte turned over. Enough to see what is checked around one. */
const toy: Cipher = {
  async encrypt(plain, recipients) {
    const source = plain instanceof Uint8Array ? Readable.from([plain]) : plain
    const bytes = await buffer(source)
    return Readable.from([Buffer.from(`${recipients[0]}|`), bytes.map((byte) => byte ^ 255)])
  },
  async decrypt(stored, identity) {
    const bytes = await buffer(stored)
    const at = bytes.indexOf('|')
    if (bytes.subarray(0, at).toString() !== identity.reveal())
      throw new PawlError({ code: 'key-wrong', message: 'another key' })
    return Readable.from([Buffer.from(bytes.subarray(at + 1).map((byte) => byte ^ 255))]).pipe(
      new Transform({ transform: (chunk, _, done) => done(null, chunk) }),
    )
  },
}

const signal = new AbortController().signal
const plain = Buffer.from('the content')

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0)

async function stored() {
  const store = memoryStore()
  const vault: Vault = { store, cipher: toy, set: 'ns/set' }
  const part = await storePart(vault, 'a.age', plain, ['me'], signal)
  return { store, vault, part }
}

test('a stored part is described before and after encryption, and comes back', async () => {
  const { vault, part } = await stored()
  expect(part).toMatchObject({ name: 'a.age', plainBytes: 11, sizeBytes: 14 })
  expect(part.sha256).not.toBe(part.plainSha256)
  expect(Buffer.from(await fetchDocument(vault, part, secret('me'), signal))).toEqual(plain)
})

test('what the store has only asked for is not told as stored', async () => {
  const told: number[] = []
  const slow = memoryStore()
  const vault: Vault = {
    store: {
      ...slow,
      async put(name, body) {
        const bytes = body instanceof Uint8Array ? body : await buffer(body)
        expect(sumOf(told)).toBe(4_000_000 - 384 * 1024)
        return await slow.put(name, bytes)
      },
    },
    cipher: toy,
    set: 'ns/set',
  }
  await storePart(vault, 'big.age', Buffer.alloc(4_000_000), ['me'], signal, (more) => told.push(more))
  expect(sumOf(told)).toBe(4_000_000)
})

test('a store that takes fewer bytes than it was given is not believed', async () => {
  const { vault, store } = await stored()
  const short: Vault = {
    ...vault,
    store: { ...store, put: async (name, body) => ({ sizeBytes: (await store.put(name, body)).sizeBytes - 1 }) },
  }
  await expect(storePart(short, 'b.age', plain, ['me'], signal)).rejects.toMatchObject({ code: 'store-unwritable' })
})

test.each([
  ['a changed byte', (bytes: Buffer) => Buffer.concat([bytes.subarray(0, -1), Buffer.from('x')])],
  ['a cut', (bytes: Buffer) => bytes.subarray(0, -1)],
  ['something added', (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('x')])],
  ['another recipient in the header', (bytes: Buffer) => Buffer.concat([Buffer.from('you|'), bytes.subarray(3)])],
])('%s is backup-damaged and names the object', async (_, change) => {
  const { vault, store, part } = await stored()
  store.objects.set('ns/set/a.age', change(store.objects.get('ns/set/a.age') ?? Buffer.alloc(0)))
  await expect(fetchDocument(vault, part, secret('me'), signal)).rejects.toMatchObject({
    code: 'backup-damaged',
    facts: { object: 'ns/set/a.age' },
  })
})

test('with whole bytes it is the key that is wrong', async () => {
  const { vault, part } = await stored()
  await expect(fetchDocument(vault, part, secret('you'), signal)).rejects.toMatchObject({ code: 'key-wrong' })
})

test('plain bytes that are not those of the manifest', async () => {
  const { vault, part } = await stored()
  await expect(
    fetchDocument(vault, { ...part, plainSha256: 'f'.repeat(64) }, secret('me'), signal),
  ).rejects.toMatchObject({ code: 'backup-damaged' })
})

test('a store that cannot be read is not damage', async () => {
  const { vault, store, part } = await stored()
  store.fault = () => {
    throw new PawlError({ code: 'store-unreadable', message: 'away' })
  }
  await expect(fetchDocument(vault, part, secret('me'), signal)).rejects.toMatchObject({ code: 'store-unreadable' })
})
