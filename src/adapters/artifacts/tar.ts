// Finds one file in a gzipped tar archive: as much of the format (POSIX ustar, pax, GNU long names) as chart archives use.
import { gunzipSync } from 'node:zlib'

const BLOCK = 512
/** Helm itself refuses charts above 100 MiB unpacked. */
const LARGEST_BYTES = 100 << 20

/** The bytes of the first file `wants` says yes to; undefined where there is none. Throws on what is not a gzipped tar. */
export function fileInTgz(bytes: Uint8Array, wants: (path: string) => boolean): Buffer | undefined {
  const tar = gunzipSync(bytes, { maxOutputLength: LARGEST_BYTES })
  let longName: string | undefined
  for (let at = 0; at + BLOCK <= tar.length;) {
    const header = tar.subarray(at, at + BLOCK)
    if (header.every((byte) => byte === 0)) return undefined
    checkSum(header)
    const size = octal(header, 124, 12)
    const type = String.fromCharCode(header[156] ?? 0)
    const body = tar.subarray(at + BLOCK, at + BLOCK + size)
    if (body.length < size) throw new Error('the archive is cut off')
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK
    if (type === 'x') longName = paxPath(body) ?? longName
    else if (type === 'L') longName = text(body, 0, body.length)
    else if (type !== 'g' && type !== 'K') {
      const path = longName ?? nameIn(header)
      longName = undefined
      if ((type === '0' || type === '\0') && wants(path)) return Buffer.from(body)
    }
  }
  return undefined
}

function nameIn(header: Buffer): string {
  const name = text(header, 0, 100)
  const prefix = text(header, 257, 6).startsWith('ustar') ? text(header, 345, 155) : ''
  return prefix === '' ? name : `${prefix}/${name}`
}

function text(bytes: Buffer, start: number, length: number): string {
  const field = bytes.subarray(start, start + length)
  const end = field.indexOf(0)
  return field.subarray(0, end < 0 ? field.length : end).toString('utf8')
}

function octal(header: Buffer, start: number, length: number): number {
  const value = Number.parseInt(text(header, start, length).trim() || '0', 8)
  if (!Number.isSafeInteger(value) || value < 0) throw new Error('the archive has a header that is no number')
  return value
}

function checkSum(header: Buffer): void {
  // The checksum is taken with its own field as spaces.
  const sum = header.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0)
  if (sum !== octal(header, 148, 8)) throw new Error('the archive has a damaged header')
}

/** pax records are "LENGTH key=value\n". */
function paxPath(body: Buffer): string | undefined {
  for (let at = 0; at < body.length;) {
    const space = body.indexOf(0x20, at)
    const length = Number.parseInt(body.subarray(at, space).toString('utf8'), 10)
    if (space < 0 || !(length > 0)) return undefined
    const record = body.subarray(space + 1, at + length - 1).toString('utf8')
    if (record.startsWith('path=')) return record.slice(5)
    at += length
  }
  return undefined
}
