// Moving files between a work directory and the store: hashed in passing, mostly on both sides of the encryption.
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { isPawlError, PawlError } from '../core/errors.ts'
import type { Secret } from '../core/secret.ts'
import type { Cipher } from '../ports/cipher.ts'
import type { ObjectStore } from '../ports/store.ts'
import type { StoredPart } from './manifest.ts'

export interface Counted {
  stream: Readable
  /** Of everything that has passed; complete when the stream has ended. */
  result: () => { bytes: number; sha256: string }
}

/** Counts what passes, and hashes it unless told not to; `onBytes` is told of each piece. */
export function counted(source: Readable, onBytes?: (bytes: number) => void, hashed = true): Counted {
  const hash = createHash('sha256')
  let bytes = 0
  async function* pass(): AsyncGenerator<Uint8Array> {
    for await (const chunk of source as AsyncIterable<Uint8Array>) {
      if (hashed) hash.update(chunk)
      bytes += chunk.length
      onBytes?.(chunk.length)
      yield chunk
    }
  }
  const stream = Readable.from(pass(), { objectMode: false, highWaterMark: 256 * 1024 })
  return { stream, result: () => ({ bytes, sha256: hash.copy().digest('hex') }) }
}

export interface Vault {
  store: ObjectStore
  cipher: Cipher
  /** Directory of the set. */
  set: string
}

/** Of what a store has asked for, so much may still lie in buffers on the way to it. */
const ON_THE_WAY_BYTES = 384 * 1024

/** Encrypts and stores one file of the set; gives what the manifest must say of it. `onBytes` is told of what the store has taken. */
export async function storePart(
  vault: Vault,
  name: string,
  plain: Readable | Uint8Array,
  recipients: readonly string[],
  signal: AbortSignal,
  onBytes?: (bytes: number) => void,
): Promise<StoredPart> {
  const source = plain instanceof Uint8Array ? Readable.from([plain], { objectMode: false }) : plain
  let [read, asked, told] = [0, 0, 0]
  const taken = (bytes: number): void => {
    if (bytes <= told) return
    onBytes?.(bytes - told)
    told = bytes
  }
  const before = counted(source, (more) => (read += more))
  const after = counted(await vault.cipher.encrypt(before.stream, recipients), (more) => {
    asked += more
    taken(Math.min(asked, read) - ON_THE_WAY_BYTES)
  })
  const { sizeBytes } = await vault.store.put(`${vault.set}/${name}`, after.stream, signal)
  const [inner, outer] = [before.result(), after.result()]
  if (sizeBytes !== outer.bytes) {
    throw new PawlError({
      code: 'store-unwritable',
      message: `${vault.store.where} took ${sizeBytes} bytes of ${name}, expected ${outer.bytes}.`,
    })
  }
  taken(inner.bytes)
  return { name, sizeBytes, sha256: outer.sha256, plainBytes: inner.bytes, plainSha256: inner.sha256 }
}

function damagedPart(vault: Vault, part: StoredPart, why: string, cause?: unknown): PawlError {
  const object = `${vault.set}/${part.name}`
  return new PawlError({ code: 'backup-damaged', message: `${object}: ${why}.`, facts: { object }, cause })
}

/** Throws `backup-damaged` unless the stored bytes are those of the manifest. */
async function checkStored(vault: Vault, part: StoredPart, signal: AbortSignal): Promise<void> {
  const stored = counted(await vault.store.get(`${vault.set}/${part.name}`, signal))
  for await (const _ of stored.stream) signal.throwIfAborted()
  const { bytes, sha256 } = stored.result()
  if (bytes !== part.sizeBytes) throw damagedPart(vault, part, `expected ${part.sizeBytes} stored bytes, got ${bytes}`)
  if (sha256 !== part.sha256)
    throw damagedPart(vault, part, 'the stored bytes are not those that were written (SHA-256)')
}

export interface FetchOptions {
  /** Told of each piece of the stored bytes. */
  onBytes?: (bytes: number) => void
  /** What is made of it will be compared with what it was made from: the bytes that come out of the cipher are counted, not hashed. */
  comparedLater?: boolean
}

/**
 * Fetches one file of the set, decrypts it and hands it to `use`. When it returns, every byte was hashed before and after
 * decryption (unless `comparedLater`) and is what the manifest says; else it throws `backup-damaged`, or `key-wrong` where only the key is wrong.
 */
export async function fetchPart<T>(
  vault: Vault,
  part: StoredPart,
  identity: Secret,
  signal: AbortSignal,
  use: (plain: Readable) => Promise<T>,
  { onBytes, comparedLater = false }: FetchOptions = {},
): Promise<T> {
  const stored = counted(await vault.store.get(`${vault.set}/${part.name}`, signal), onBytes)
  let value: T
  let plain: Counted
  try {
    plain = counted(await vault.cipher.decrypt(stored.stream, identity), undefined, !comparedLater)
    value = await use(plain.stream)
  } catch (error) {
    stored.stream.destroy()
    signal.throwIfAborted()
    // Damage can look like a wrong key and the other way round: the checksum of the stored bytes decides.
    if (isPawlError(error, 'key-wrong') || isPawlError(error, 'backup-damaged')) await checkStored(vault, part, signal)
    if (isPawlError(error, 'backup-damaged')) throw damagedPart(vault, part, error.message.replace(/\.$/, ''), error)
    throw error
  }
  const [outer, inner] = [stored.result(), plain.result()]
  if (outer.bytes !== part.sizeBytes || outer.sha256 !== part.sha256) {
    throw damagedPart(vault, part, 'the stored bytes are not those that were written (SHA-256)')
  }
  if (inner.bytes !== part.plainBytes || (!comparedLater && inner.sha256 !== part.plainSha256)) {
    throw damagedPart(vault, part, 'the decrypted bytes are not those of the manifest (SHA-256)')
  }
  return value
}

export async function fetchDocument(
  vault: Vault,
  part: StoredPart,
  identity: Secret,
  signal: AbortSignal,
): Promise<Uint8Array> {
  return await fetchPart(vault, part, identity, signal, async (plain) => await buffer(plain))
}
