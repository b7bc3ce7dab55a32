// Writes a zip archive without compression: enough for a customer package of two small files.
import { crc32 } from 'node:zlib'

export type ZipEntry = { readonly name: string; readonly bytes: Buffer }

// 1980-01-01 00:00, the earliest time a zip can tell: the same content gives the same bytes.
const dosTime = 0
const dosDate = 0x21
const versionNeeded = 20
// Names are UTF-8.
const flags = 0x800

/** Layout: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT sections 4.3.7, 4.3.12, 4.3.16. */
export function writeZip(entries: readonly ZipEntry[]): Buffer {
  const local: Buffer[] = []
  const central: Buffer[] = []
  let offset = 0
  for (const { name, bytes } of entries) {
    const nameBytes = Buffer.from(name, 'utf8')
    const common = Buffer.alloc(26)
    common.writeUInt16LE(versionNeeded, 0)
    common.writeUInt16LE(flags, 2)
    common.writeUInt16LE(dosTime, 6)
    common.writeUInt16LE(dosDate, 8)
    common.writeUInt32LE(crc32(bytes), 10)
    common.writeUInt32LE(bytes.length, 14)
    common.writeUInt32LE(bytes.length, 18)
    common.writeUInt16LE(nameBytes.length, 22)
    const here = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, nameBytes, bytes])
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(offset, 10)
    const madeBy = Buffer.from([versionNeeded, 0])
    central.push(Buffer.concat([Buffer.from('PK\x01\x02', 'latin1'), madeBy, common, rest, nameBytes]))
    local.push(here)
    offset += here.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(entries.length, 4)
  end.writeUInt16LE(entries.length, 6)
  end.writeUInt32LE(directory.length, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...local, directory, Buffer.from('PK\x05\x06', 'latin1'), end])
}
