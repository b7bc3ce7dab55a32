// Many small files as one object: a plain tar, which `tar -x` takes apart again. Written and read whole, so only for a few MB.
import { PawlError } from '../core/errors.ts'

export interface PackedFile {
  name: string
  bytes: Uint8Array
}

/** `ustar`: https://www.gnu.org/software/tar/manual/html_node/Standard.html */
const BLOCK = 512
const NAME = { at: 0, length: 100 }
const SIZE = { at: 124, length: 12 }
const CHECKSUM = { at: 148, length: 8 }
/** What a dump calls a large object's file: `blob_16413.dat.gz`. */
export const LARGE_OBJECT_FILE = /^blob_(\d+)\.dat(\.gz|\.zst)?$/

/** Rows or a large object as pg_dump writes them where it compresses nothing; its tables of contents are never compressed. */
export function isPlainRows(name: string): boolean {
  return /^(?:\d+|blob_\d+)\.dat$/.test(name)
}

/** No way out of the directory it is unpacked into, whoever wrote it. */
const PLAIN_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,98}$/

function padding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK
}

/** What a file takes in a pack: most of it, for one of a few bytes. */
export function packedBytes(size: number): number {
  return BLOCK + size + padding(size)
}

function sumOf(header: Uint8Array): number {
  // The checksum is taken with its own field as spaces.
  return header.reduce(
    (total, byte, at) => total + (at >= CHECKSUM.at && at < CHECKSUM.at + CHECKSUM.length ? 0x20 : byte),
    0,
  )
}

function headerOf({ name, bytes }: PackedFile): Buffer {
  if (!PLAIN_NAME.test(name)) throw new Error(`${name} cannot be packed`)
  const header = Buffer.alloc(BLOCK)
  header.write(name, NAME.at)
  // Mode, owner, group; then the size; then the time, which is nobody's business. All octal.
  header.write('0000600\0' + '0000000\0' + '0000000\0', 100)
  header.write(`${bytes.length.toString(8).padStart(11, '0')}\0`, SIZE.at)
  header.write('00000000000\0', 136)
  header.write('0', 156)
  header.write('ustar\0' + '00', 257)
  header.write(`${sumOf(header).toString(8).padStart(6, '0')}\0 `, CHECKSUM.at)
  return header
}

export function packFiles(files: readonly PackedFile[]): Buffer {
  const blocks = files.flatMap((file) => [headerOf(file), file.bytes, Buffer.alloc(padding(file.bytes.length))])
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)])
}

function damaged(why: string): PawlError {
  return new PawlError({ code: 'backup-damaged', message: `A pack of files cannot be opened: ${why}.` })
}

function field(header: Buffer, { at, length }: { at: number; length: number }): string {
  return header
    .toString('latin1', at, at + length)
    .replace(/\0.*$/s, '')
    .trim()
}

function octal(header: Buffer, place: { at: number; length: number }): number {
  const text = field(header, place)
  if (!/^[0-7]+$/.test(text)) throw damaged('a number is none')
  return Number.parseInt(text, 8)
}

/** Throws `backup-damaged` for what `packFiles` does not write. */
export function unpackFiles(tar: Buffer): PackedFile[] {
  const found: PackedFile[] = []
  for (let at = 0; at + BLOCK <= tar.length;) {
    const header = tar.subarray(at, at + BLOCK)
    if (header.every((byte) => byte === 0)) return found
    if (octal(header, CHECKSUM) !== sumOf(header)) throw damaged('a header is damaged')
    const [name, size] = [field(header, NAME), octal(header, SIZE)]
    if (!PLAIN_NAME.test(name)) throw damaged('a name is none')
    const body = tar.subarray(at + BLOCK, at + BLOCK + size)
    if (body.length < size) throw damaged('it is cut off')
    found.push({ name, bytes: body })
    at += packedBytes(size)
  }
  throw damaged('it is cut off')
}
