// The payload of the age format: ChaCha20-Poly1305 over 64 KiB chunks, the last one marked, so that a cut is noticed.
// https://github.com/C2SP/C2SP/blob/main/age.md#payload; node:crypto's cipher is several times faster than one in JavaScript.
import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'

export const CHUNK_BYTES = 64 * 1024
export const TAG_BYTES = 16
export const NONCE_BYTES = 16
const ALGORITHM = 'chacha20-poly1305'

/** The bytes are not what was sealed under this key. */
export class SealBroken extends Error {}

export function payloadKey(fileKey: Uint8Array, nonce: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', fileKey, nonce, 'payload', 32))
}

/** 11 bytes of counter, big-endian, and one byte that is 1 for the last chunk only. */
function chunkNonce(index: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeUIntBE(index, 5, 6)
  nonce[11] = last ? 1 : 0
  return nonce
}

function seal(key: Uint8Array, index: number, last: boolean, plain: Uint8Array): Buffer {
  const cipher = createCipheriv(ALGORITHM, key, chunkNonce(index, last), { authTagLength: TAG_BYTES })
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

function open(key: Uint8Array, index: number, last: boolean, sealed: Uint8Array): Buffer {
  if (sealed.length < TAG_BYTES) throw new SealBroken('the last chunk is cut')
  // Only an empty file may end in an empty chunk.
  if (last && index > 0 && sealed.length === TAG_BYTES) throw new SealBroken('the last chunk is empty')
  const body = sealed.subarray(0, sealed.length - TAG_BYTES)
  const decipher = createDecipheriv(ALGORITHM, key, chunkNonce(index, last), { authTagLength: TAG_BYTES })
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES))
  try {
    // A stream cipher holds nothing back: `final` gives no bytes, it only checks the tag.
    const plain = decipher.update(body)
    decipher.final()
    return plain
  } catch (cause) {
    throw new SealBroken(`chunk ${index} is not what was written, or is not in its place`, { cause })
  }
}

/** Regroups a stream into pieces of `size` bytes; tells which one is the last (the only one that may be shorter). */
async function* pieces(
  source: AsyncIterable<Uint8Array>,
  size: number,
): AsyncGenerator<{ bytes: Uint8Array; last: boolean }> {
  let held: Uint8Array[] = []
  let heldBytes = 0
  // Only what lies across two chunks is copied.
  const joined = (): Uint8Array => (held.length === 1 && held[0] !== undefined ? held[0] : Buffer.concat(held))
  for await (const chunk of source) {
    let rest = chunk
    // One byte more than a piece is needed to know that the piece is not the last.
    while (heldBytes + rest.length > size) {
      const missing = size - heldBytes
      if (missing > 0) held.push(rest.subarray(0, missing))
      yield { bytes: joined(), last: false }
      rest = rest.subarray(missing)
      held = []
      heldBytes = 0
    }
    if (rest.length > 0) held.push(rest)
    heldBytes += rest.length
  }
  yield { bytes: joined(), last: true }
}

export async function* sealAll(key: Uint8Array, plain: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let index = 0
  for await (const piece of pieces(plain, CHUNK_BYTES)) yield seal(key, index++, piece.last, piece.bytes)
}

/** Throws `SealBroken`; what was yielded before is authentic, but not whole. */
export async function* openAll(key: Uint8Array, sealed: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let index = 0
  for await (const piece of pieces(sealed, CHUNK_BYTES + TAG_BYTES)) {
    yield open(key, index++, piece.last, piece.bytes)
  }
}
