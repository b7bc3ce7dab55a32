import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'
import { buffer } from 'node:stream/consumers'
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { isPawlError } from '../../core/errors.ts'
import { secret } from '../../core/secret.ts'
import { ageCipher } from './cipher.ts'

const cipher = ageCipher()
const identity = await generateX25519Identity()
const recipient = await identityToRecipient(identity)
const CHUNK = 64 * 1024
const sizes = [0, 1, 100, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 7]

function plainOf(size: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: size }, (_, at) => (at * 7 + (at >> 8)) & 255))
}

async function sealed(plain: Uint8Array): Promise<Buffer> {
  return await buffer(await cipher.encrypt(plain, [recipient]))
}

async function codeOf(stored: Uint8Array, key = identity): Promise<string> {
  try {
    await buffer(await cipher.decrypt(Readable.from([stored], { objectMode: false }), secret(key)))
    return 'opened'
  } catch (error) {
    return isPawlError(error) ? error.code : `not translated: ${String(error)}`
  }
}

test.each(sizes)('%i bytes come back, here and in the library', async (size) => {
  const plain = plainOf(size)
  const stored = await sealed(plain)
  expect(await buffer(await cipher.decrypt(Readable.from([stored]), secret(`# a comment\n${identity}\n`)))).toEqual(
    plain,
  )
  const library = new Decrypter()
  library.addIdentity(identity)
  expect(Buffer.from(await library.decrypt(stored))).toEqual(plain)
})

test.each(sizes)('%i bytes sealed by the library are opened, however they are chopped', async (size) => {
  const plain = plainOf(size)
  const library = new Encrypter()
  library.addRecipient(recipient)
  const stored = Buffer.from(await library.encrypt(plain))
  function* crumbs() {
    for (let at = 0; at < stored.length; at += 999) yield stored.subarray(at, at + 999)
  }
  expect(await buffer(await cipher.decrypt(Readable.from(crumbs()), secret(identity)))).toEqual(plain)
})

test('each of several recipients opens it', async () => {
  const other = await generateX25519Identity()
  const stored = await buffer(await cipher.encrypt(plainOf(10), [recipient, await identityToRecipient(other)]))
  expect(await codeOf(stored)).toBe('opened')
  expect(await codeOf(stored, other)).toBe('opened')
})

test('a key of somebody else is key-wrong, and so is no key at all; neither is quoted', async () => {
  const stored = await sealed(plainOf(10))
  expect(await codeOf(stored, await generateX25519Identity())).toBe('key-wrong')
  expect(await codeOf(stored, '')).toBe('key-wrong')
  const promise = cipher.decrypt(Readable.from([stored]), secret('AGE-SECRET-KEY-1CANARY'))
  await expect(promise).rejects.toMatchObject({ code: 'key-wrong', message: expect.not.stringContaining('CANARY') })
})

test('every cut and every flipped byte is noticed', async () => {
  const stored = await sealed(plainOf(2 * CHUNK + 5))
  const places = [0, 30, 60, 150, 220, 300, CHUNK, CHUNK + 400, 2 * CHUNK, stored.length - 10]
  for (const at of places) {
    expect(await codeOf(stored.subarray(0, at))).toBe('backup-damaged')
    const flipped = Buffer.from(stored)
    flipped[at] = (flipped[at] ?? 0) ^ 1
    // A flip in the recipient's stanza looks like a file for somebody else; whoever holds its checksum knows better.
    expect(['backup-damaged', 'key-wrong']).toContain(await codeOf(flipped))
  }
  const payload = stored.indexOf('\n', stored.indexOf('\n--- ') + 1) + 1 + 16
  expect(await codeOf(stored.subarray(0, payload + CHUNK + 16))).toBe('backup-damaged')
})

test('a recipient that is none is refused', async () => {
  await expect(cipher.encrypt(plainOf(1), ['age1nonsense'])).rejects.toMatchObject({ code: 'input-invalid' })
  await expect(cipher.encrypt(plainOf(1), [])).rejects.toMatchObject({ code: 'input-invalid' })
})

test('an error of the source comes through as itself', async () => {
  function* broken() {
    yield plainOf(CHUNK * 3)
    throw new Error('disk gone')
  }
  await expect(buffer(await cipher.encrypt(Readable.from(broken()), [recipient]))).rejects.toThrow('disk gone')
})
