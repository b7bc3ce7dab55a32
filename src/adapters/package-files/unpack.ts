// Unpacks a customer package in memory. Only what is expected is unpacked; an archive with paths, links or bombs is refused as a whole.
import { crc32 } from 'node:zlib'
import yauzl, { type Entry, type ZipFile } from 'yauzl'
import { PawlError } from '../../core/errors.ts'
import { LARGEST_ENTRY, LARGEST_ZIP, MOST_ENTRIES } from '../../core/package/limits.ts'
import type { UnpackedZip } from '../../ports/packages.ts'

const OPTIONS = { lazyEntries: true, strictFileNames: true, validateEntrySizes: true, autoClose: false } as const

export async function unpack(zip: Uint8Array, expected: readonly string[]): Promise<UnpackedZip> {
  if (zip.length === 0) throw damaged('it is empty')
  if (zip.length > LARGEST_ZIP) throw damaged(`it has ${zip.length} bytes, more than a package can have`)
  const found: Record<string, Uint8Array> = {}
  const names = new Set<string>()
  try {
    const archive = await yauzl.fromBufferPromise(Buffer.from(zip.buffer, zip.byteOffset, zip.byteLength), OPTIONS)
    if (archive.entryCount > MOST_ENTRIES) throw damaged(`it has ${archive.entryCount} files`)
    for await (const entry of archive.eachEntry()) {
      if (names.has(entry.fileName)) throw damaged(`it has ${JSON.stringify(entry.fileName)} twice`)
      names.add(entry.fileName)
      refuse(entry)
      if (expected.includes(entry.fileName)) found[entry.fileName] = await contentOf(archive, entry)
    }
  } catch (error) {
    if (error instanceof PawlError) throw error
    throw damaged(`it is no whole zip archive (${error instanceof Error ? error.message : String(error)})`)
  }
  const missing = expected.filter((name) => !Object.hasOwn(found, name))
  if (missing.length > 0) throw damaged(`it has no ${missing.join(', ')}`)
  return { files: found, skipped: [...names].filter((name) => !expected.includes(name)) }
}

// The upper half of the external attributes is the Unix mode where the archive was made on Unix (APPNOTE.TXT 4.4.2, 4.4.15).
const UNIX = 3
const KIND = 0o170000
const PLAIN = 0o100000
const FOLDER = 0o040000

function refuse(entry: Entry): void {
  const name = JSON.stringify(entry.fileName)
  const isFolder = entry.fileName.endsWith('/')
  if (isFolder ? entry.uncompressedSize > 0 : entry.fileName.includes('/'))
    throw damaged(`it has ${name}, which no package has`)
  const kind = (entry.externalFileAttributes >>> 16) & KIND
  if (entry.versionMadeBy >>> 8 === UNIX && kind !== 0 && kind !== (isFolder ? FOLDER : PLAIN))
    throw damaged(`${name} in it is no plain ${isFolder ? 'folder' : 'file'}`)
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
