// Writes zip archives as they should be and as they should not: wrong names, kinds, sizes and checksums on request.
import { crc32, deflateRawSync } from 'node:zlib'

export interface ZipPart {
  name: string
  bytes: Uint8Array
  deflate?: boolean
  /** Unix mode with the kind of file, for example 0o120777 for a link. */
  mode?: number
  /** What the archive says instead of the truth. */
  claims?: { size?: number; crc?: number }
  /** Says that it is encrypted. */
  encrypted?: boolean
}

const UTF8_NAMES = 0x800
const VERSION = 20
const UNIX = 3

/** Layout: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT sections 4.3.7, 4.3.12, 4.3.16. */
export function zipOf(parts: readonly ZipPart[]): Buffer {
  const local: Buffer[] = []
  const central: Buffer[] = []
  let offset = 0
  for (const { name, bytes, deflate = false, mode = 0o100644, claims = {}, encrypted = false } of parts) {
    const stored = deflate ? deflateRawSync(bytes, { level: 9 }) : Buffer.from(bytes)
    const nameBytes = Buffer.from(name, 'utf8')
    const common = Buffer.alloc(26)
    common.writeUInt16LE(VERSION, 0)
    common.writeUInt16LE(UTF8_NAMES | (encrypted ? 1 : 0), 2)
    common.writeUInt16LE(deflate ? 8 : 0, 4)
    common.writeUInt16LE(0x21, 8)
    common.writeUInt32LE(claims.crc ?? crc32(bytes), 10)
    common.writeUInt32LE(stored.length, 14)
    common.writeUInt32LE(claims.size ?? bytes.length, 18)
    common.writeUInt16LE(nameBytes.length, 22)
    const here = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, nameBytes, stored])
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE((mode << 16) >>> 0, 6)
    rest.writeUInt32LE(offset, 10)
    central.push(
      Buffer.concat([Buffer.from('PK\x01\x02', 'latin1'), Buffer.from([VERSION, UNIX]), common, rest, nameBytes]),
    )
    local.push(here)
    offset += here.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(parts.length, 4)
  end.writeUInt16LE(parts.length, 6)
  end.writeUInt32LE(directory.length, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...local, directory, Buffer.from('PK\x05\x06', 'latin1'), end])
}
