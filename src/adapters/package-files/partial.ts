// What has arrived of a download, in a private file beside its place, with a note of which object it is of.
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { mkdir, open, readdir, rename, rm, rmdir, stat, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { PackageObject } from '../../core/package/choose.ts'
import type { PartialDownload } from '../../ports/packages.ts'
import { codeOf, unwritable } from './errors.ts'
import { LARGEST_ZIP } from '../../core/package/limits.ts'

// A link that somebody else has put there is not followed.
const READ = constants.O_RDONLY | constants.O_NOFOLLOW
const WRITE = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW

export async function beginPartial(
  directory: string,
  fileName: string,
  object: PackageObject,
): Promise<PartialDownload> {
  const part = join(directory, `.${fileName}.part`)
  const note = `${part}.json`
  const validators = noteOf(object)
  let made = await makeDirectory(directory)
  let handle: FileHandle | undefined
  // As large as the whole will be: what arrives is copied once.
  const whole = new Uint8Array(object.sizeBytes)
  let received = 0

  async function discard(): Promise<void> {
    await close()
    await rm(note, { force: true })
    await rm(part, { force: true })
    // A directory that we made and that has nothing in it goes again.
    if (made && (await readdir(directory)).length === 0) await rmdir(directory)
  }
  async function close(): Promise<void> {
    await handle?.close()
    handle = undefined
  }

  try {
    const there = await whatIsThere(part, note, validators, object.sizeBytes)
    whole.set(there)
    received = there.length
    // An earlier download has made it, then.
    made ||= received > 0
    if (received === 0) await writeNote(note, validators)
    handle = await open(part, received === 0 ? WRITE | constants.O_TRUNC : WRITE, 0o600)
    await handle.chmod(0o600)
  } catch (error) {
    await discard().catch(() => undefined)
    throw unwritable(error, directory)
  }
  return {
    get bytes() {
      return whole.subarray(0, received)
    },
    async append(chunk) {
      try {
        await handle?.write(chunk, 0, chunk.length, received)
        whole.set(chunk, received)
        received += chunk.length
      } catch (error) {
        await discard().catch(() => undefined)
        throw unwritable(error, directory)
      }
    },
    async close() {
      // Nothing that could be gone on with is worth a file.
      if (received === 0) await discard()
      else await close()
    },
    discard,
  }
}

/** What makes bytes of one download bytes of another. */
function noteOf({ name, generation, sizeBytes, crc32c, md5 }: PackageObject): string {
  return JSON.stringify({ name, generation, sizeBytes, crc32c, md5 })
}

async function writeNote(note: string, validators: string): Promise<void> {
  const temporary = `${note}.${randomBytes(6).toString('hex')}`
  try {
    const handle = await open(temporary, 'wx', 0o600)
    try {
      await handle.writeFile(validators)
    } finally {
      await handle.close()
    }
    await rename(temporary, note)
  } finally {
    await rm(temporary, { force: true })
  }
}

/** Empty where there is nothing, or of another object, or nothing that can be gone on with. */
async function whatIsThere(part: string, note: string, validators: string, whole: number): Promise<Uint8Array> {
  const nothing = new Uint8Array(0)
  if ((await readPrivate(note, 4096))?.toString('utf8') !== validators) return nothing
  const bytes = await readPrivate(part, LARGEST_ZIP)
  return bytes === undefined || bytes.length > whole ? nothing : bytes
}

async function readPrivate(path: string, most: number): Promise<Buffer | undefined> {
  let handle: FileHandle
  try {
    handle = await open(path, READ)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    // A link, most of all: it is no file of ours.
    if (codeOf(error) !== 'ELOOP') throw error
    await rm(path, { force: true })
    return undefined
  }
  try {
    const found = await handle.stat()
    const ours =
      found.isFile() && found.size <= most && (process.getuid === undefined || found.uid === process.getuid())
    return ours ? await handle.readFile() : undefined
  } finally {
    await handle.close()
  }
}

/** True where it was made here. */
async function makeDirectory(directory: string): Promise<boolean> {
  try {
    const there = await stat(directory).catch((error: unknown) => {
      if (codeOf(error) !== 'ENOENT') throw error
      return undefined
    })
    if (there?.isDirectory() === true) return false
    await mkdir(directory, { mode: 0o700 }).catch(async (error: unknown) => {
      // Only then: on a file system that may only be read a recursive one says ENOENT.
      if (codeOf(error) !== 'ENOENT') throw error
      await mkdir(directory, { recursive: true, mode: 0o700 })
    })
    return true
  } catch (error) {
    throw unwritable(error, directory)
  }
}
