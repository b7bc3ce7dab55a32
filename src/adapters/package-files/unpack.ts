// Unpacks a customer package in memory. Nothing is taken from it that is not expected: no other name, no folder, no link, no bomb.
import { crc32 } from 'node:zlib'
import yauzl, { type Entry, type ZipFile } from 'yauzl'
import { PawlError } from '../../core/errors.ts'
import { LARGEST_ENTRY, LARGEST_ZIP, MOST_ENTRIES } from '../../core/package/limits.ts'

const OPTIONS = { lazyEntries: true, strictFileNames: true, validateEntrySizes: true, autoClose: false } as const

export async function unpack(zip: Uint8Array, expected: readonly string[]): Promise<Record<string, Uint8Array>> {
  if (zip.length === 0) throw damaged('it is empty')
  if (zip.length > LARGEST_ZIP) throw damaged(`it has ${zip.length} bytes, more than a package can have`)
  const found: Record<string, Uint8Array> = {}
  try {
    const archive = await yauzl.fromBufferPromise(Buffer.from(zip.buffer, zip.byteOffset, zip.byteLength), OPTIONS)
    if (archive.entryCount > MOST_ENTRIES) throw damaged(`it has ${archive.entryCount} files`)
    for await (const entry of archive.eachEntry()) {
      if (Object.hasOwn(found, entry.fileName)) throw damaged(`it has ${JSON.stringify(entry.fileName)} twice`)
      refuse(entry, expected)
      found[entry.fileName] = await contentOf(archive, entry)
    }
  } catch (error) {
    if (error instanceof PawlError) throw error
    throw damaged(`it is no whole zip archive (${error instanceof Error ? error.message : String(error)})`)
  }
  const missing = expected.filter((name) => !Object.hasOwn(found, name))
  if (missing.length > 0) throw damaged(`it has no ${missing.join(', ')}`)
  return found
}

// The upper half of the external attributes is the Unix mode where the archive was made on Unix (APPNOTE.TXT 4.4.2, 4.4.15).
const UNIX = 3
const KIND = 0o170000
const PLAIN = 0o100000

function refuse(entry: Entry, expected: readonly string[]): void {
  const name = JSON.stringify(entry.fileName)
  if (!expected.includes(entry.fileName)) throw damaged(`it has ${name}, which no package has`)
  const kind = (entry.externalFileAttributes >>> 16) & KIND
  if (entry.versionMadeBy >>> 8 === UNIX && kind !== 0 && kind !== PLAIN)
    throw damaged(`${name} in it is no plain file`)
  if (entry.isEncrypted()) throw damaged(`${name} in it is encrypted`)
  if (entry.uncompressedSize > LARGEST_ENTRY) throw damaged(`${name} in it has ${entry.uncompressedSize} bytes`)
}

async function contentOf(archive: ZipFile, entry: Entry): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  // The size in the directory is only a claim: what really comes out is counted.
  for await (const chunk of (await archive.openReadStreamPromise(entry)) as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > LARGEST_ENTRY) throw damaged(`${JSON.stringify(entry.fileName)} in it does not end`)
    chunks.push(chunk)
  }
  const content = Buffer.concat(chunks)
  if (crc32(content) !== entry.crc32) throw damaged(`the checksum of ${JSON.stringify(entry.fileName)} is another`)
  return content
}

function damaged(why: string): PawlError {
  return new PawlError({
    code: 'package-damaged',
    message: `this is no customer package: ${why}`,
    unchanged: 'Nothing was put in place.',
  })
}
