// A digest of rows as COPY writes them, one on a line, made without a server. Like the digest by SQL it sums hashes, so it does not
// depend on the order of rows; it is another digest, and only ever compared with its own kind.
import { createHash, hash, type Hash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { PIECE_BYTES, type Sums } from './digest.ts'

const NEWLINE = 0x0a
const BACKSLASH = 0x5c
const DOT = 0x2e
/** So many 32 bit numbers can be added before a double is no longer exact. */
const FOLD_AT = 2 ** 20
const WORD = 2n ** 32n
const WORDS = 4

export interface LineSums {
  add: (line: Uint8Array) => void
  /** Of a line's SHA-256, where it was hashed elsewhere. */
  addHash: (digest: string) => void
  sums: () => Sums
}

/** The first half of each line's SHA-256 as two numbers, each summed. */
export function lineSums(): LineSums {
  let [rows, low, high] = [0n, 0n, 0n]
  const words = new Float64Array(WORDS)
  let pending = 0
  function fold(): void {
    const [a = 0n, b = 0n, c = 0n, d = 0n] = [...words].map(BigInt)
    low += a * WORD + b
    high += c * WORD + d
    rows += BigInt(pending)
    words.fill(0)
    pending = 0
  }
  function addHash(digest: string): void {
    for (let word = 0; word < WORDS; word++) {
      const at = word * 4
      // As unsigned: a shift by 24 would give negative numbers.
      const high24 = (digest.charCodeAt(at) << 16) | (digest.charCodeAt(at + 1) << 8) | digest.charCodeAt(at + 2)
      words[word] = (words[word] ?? 0) + high24 * 256 + digest.charCodeAt(at + 3)
    }
    if (++pending === FOLD_AT) fold()
  }
  return {
    // As text of one byte a character: a third of the time that a buffer takes.
    add: (line) => addHash(hash('sha256', line, 'binary')),
    addHash,
    sums() {
      fold()
      return { part: 0, rows, low, high }
    },
  }
}

/** `whole`: the end that a dump's file has was seen. Rows have none of their own where a server sends them. */
export interface LinesRead {
  sums: Sums
  whole: boolean
}

/** Never holds a line that is longer than a piece of the stream: a row may be a gigabyte. */
export async function sumLines(stream: Readable): Promise<LinesRead> {
  const lines = lineSums()
  let open: { hash: Hash; bytes: number; first: number; last: number } | undefined
  let whole = false
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    let at = 0
    while (!whole) {
      const end = chunk.indexOf(NEWLINE, at)
      const piece = chunk.subarray(at, end === -1 ? undefined : end)
      if (end === -1) {
        if (piece.length === 0) break
        open ??= { hash: createHash('sha256'), bytes: 0, first: piece[0] ?? 0, last: 0 }
        open.hash.update(piece)
        open.bytes += piece.length
        open.last = piece.at(-1) ?? 0
        break
      }
      at = end + 1
      const bytes = (open?.bytes ?? 0) + piece.length
      const [first, last] = [open?.first ?? piece[0], piece.at(-1) ?? open?.last]
      // In rows a backslash never stands before a dot, so this line is no row.
      if (bytes === 2 && first === BACKSLASH && last === DOT) whole = true
      else if (open === undefined) lines.add(piece)
      else lines.addHash(open.hash.update(piece).digest('binary'))
      open = undefined
    }
  }
  // A row without its newline was cut off; nobody wrote that.
  if (open !== undefined) lines.addHash(open.hash.digest('binary'))
  return { sums: lines.sums(), whole }
}

/** The text of a large object's pieces, as `LARGE_OBJECT_LINES_SQL` gives it; after a full piece another one, if only an empty one. */
export async function* largeObjectLines(oid: string, content: Readable): AsyncGenerator<string> {
  let [place, size, digest] = [0, 0, createHash('sha256')]
  for await (const chunk of content as AsyncIterable<Buffer>) {
    let rest = chunk
    while (rest.length > 0) {
      const piece = rest.subarray(0, PIECE_BYTES - size)
      digest.update(piece)
      size += piece.length
      rest = rest.subarray(piece.length)
      if (size < PIECE_BYTES) break
      yield `${oid}:${place}:${digest.digest('hex')}`
      ;[place, size, digest] = [place + PIECE_BYTES, 0, createHash('sha256')]
    }
  }
  yield `${oid}:${place}:${digest.digest('hex')}`
}

export interface LargeObjectSums {
  add: (line: string) => void
  /** `rows` is how many large objects there are. */
  sums: () => Sums
}

/** Of the lines of all large objects, none of which is held: there may be a hundred million. */
export function largeObjectSums(): LargeObjectSums {
  const lines = lineSums()
  let objects = 0n
  return {
    add(line) {
      lines.add(Buffer.from(line))
      if (line.split(':', 2)[1] === '0') objects += 1n
    },
    sums: () => ({ ...lines.sums(), rows: objects }),
  }
}

/** Of `LARGE_OBJECT_LINES_SQL`, copied out. */
export async function sumLargeObjects(stream: Readable): Promise<Sums> {
  const objects = largeObjectSums()
  let open = ''
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const found = (open + chunk.toString('latin1')).split('\n')
    open = found.pop() ?? ''
    for (const line of found) objects.add(line)
  }
  if (open !== '') objects.add(open)
  return objects.sums()
}
