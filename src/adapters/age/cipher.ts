// Cipher by age: keys and header through the age library, the payload through node:crypto.
import { Decrypter, Encrypter } from 'age-encryption'
import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { PawlError } from '../../core/errors.ts'
import type { Secret } from '../../core/secret.ts'
import type { Cipher } from '../../ports/cipher.ts'
import { CHUNK_BYTES, NONCE_BYTES, openAll, payloadKey, sealAll, SealBroken, TAG_BYTES } from './stream.ts'

const MAX_HEADER_BYTES = 64 * 1024

function damaged(why: string, cause?: unknown): PawlError {
  return new PawlError({ code: 'backup-damaged', message: `The encrypted bytes cannot be opened: ${why}.`, cause })
}

/** A fresh file key and the header that gives it to the recipients. */
async function newFile(recipients: readonly string[]): Promise<{ fileKey: Uint8Array; header: Uint8Array }> {
  const encrypter = new Encrypter()
  let fileKey: Uint8Array | undefined
  if (recipients.length === 0) throw new PawlError({ code: 'input-invalid', message: 'No recipient to encrypt to.' })
  for (const recipient of recipients) {
    try {
      encrypter.addRecipient(recipient)
    } catch (cause) {
      throw new PawlError({ code: 'input-invalid', message: `${recipient} is not an age recipient.`, cause })
    }
  }
  // The library makes the file key and hands it to each recipient; this one adds no stanza, it only learns the key.
  encrypter.addRecipient({
    wrapFileKey(key) {
      fileKey = key.slice()
      return []
    },
  })
  const empty = await encrypter.encrypt(new Uint8Array(0))
  if (fileKey === undefined) throw new Error('age: no file key')
  return { fileKey, header: empty.subarray(0, empty.length - NONCE_BYTES - TAG_BYTES) }
}

async function* sealed(
  plain: AsyncIterable<Uint8Array>,
  header: Uint8Array,
  fileKey: Uint8Array,
): AsyncGenerator<Uint8Array> {
  const nonce = randomBytes(NONCE_BYTES)
  yield Buffer.concat([header, nonce])
  yield* sealAll(payloadKey(fileKey, nonce), plain)
}

/** Reads the header (up to its last line, `--- mac`) and the nonce after it; gives them and what was read beyond. */
async function readHead(source: AsyncIterator<Uint8Array>): Promise<{ header: Buffer; nonce: Buffer; rest: Buffer }> {
  let bytes = Buffer.alloc(0)
  for (;;) {
    const mark = bytes.indexOf('\n--- ')
    const end = mark < 0 ? -1 : bytes.indexOf('\n', mark + 1) + 1
    if (end > 0 && bytes.length >= end + NONCE_BYTES) {
      const nonce = bytes.subarray(end, end + NONCE_BYTES)
      return { header: bytes.subarray(0, end), nonce, rest: bytes.subarray(end + NONCE_BYTES) }
    }
    if (bytes.length > MAX_HEADER_BYTES) throw damaged('there is no age header')
    const next = await source.next()
    if (next.done === true) throw damaged('they end in the header')
    bytes = Buffer.concat([bytes, next.value])
  }
}

/** The identities in what `age-keygen` writes: comments and empty lines are skipped. */
function identitiesIn(identity: Secret): string[] {
  const lines = identity
    .reveal()
    .split('\n')
    .map((line) => line.trim())
  return lines.filter((line) => line !== '' && !line.startsWith('#'))
}

async function unwrap(header: Uint8Array, identity: Secret): Promise<Uint8Array> {
  const decrypter = new Decrypter()
  const identities = identitiesIn(identity)
  if (identities.length === 0) throw new PawlError({ code: 'key-wrong', message: 'The identity is empty.' })
  for (const line of identities) {
    try {
      decrypter.addIdentity(line)
    } catch {
      // The library's message would quote the identity.
      throw new PawlError({ code: 'key-wrong', message: 'The identity is not an age identity (AGE-SECRET-KEY-1...).' })
    }
  }
  try {
    return await decrypter.decryptHeader(header)
  } catch (cause) {
    if (cause instanceof Error && cause.message.includes('no identity matched')) {
      throw new PawlError({
        code: 'key-wrong',
        message: 'The backup was encrypted to other recipients than the one of this identity.',
        cause,
      })
    }
    throw damaged('the header is not what was written', cause)
  }
}

async function* opened(
  head: { nonce: Buffer; rest: Buffer },
  source: AsyncIterable<Uint8Array>,
  fileKey: Uint8Array,
): AsyncGenerator<Uint8Array> {
  async function* payload(): AsyncGenerator<Uint8Array> {
    if (head.rest.length > 0) yield head.rest
    yield* source
  }
  try {
    yield* openAll(payloadKey(fileKey, head.nonce), payload())
  } catch (cause) {
    if (cause instanceof SealBroken) throw damaged(cause.message, cause)
    throw cause
  }
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

export function ageCipher(): Cipher {
  const options = { objectMode: false, highWaterMark: 4 * CHUNK_BYTES }
  return {
    async encrypt(plain, recipients) {
      const { fileKey, header } = await newFile(recipients)
      const source: AsyncIterable<Uint8Array> = plain instanceof Uint8Array ? one(plain) : plain
      return Readable.from(sealed(source, header, fileKey), options)
    },
    async decrypt(stored, identity) {
      const source: AsyncIterable<Uint8Array> = stored
      const iterator = source[Symbol.asyncIterator]()
      const head = await readHead(iterator)
      const fileKey = await unwrap(head.header, identity)
      const remaining: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => iterator }
      return Readable.from(opened(head, remaining, fileKey), options)
    },
  }
}
