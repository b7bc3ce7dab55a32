// ObjectStore in a directory. A write goes to a temporary name, is synced, and gets its name by a hard link, which is the
// file system's own create-only operation; the directory is synced after it.
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import {
  access,
  link,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  rmdir,
  stat,
  statfs,
  unlink,
  type FileHandle,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { PawlError } from '../../../core/errors.ts'
import type { ObjectStore, StoredObject } from '../../../ports/store.ts'
import { checkName } from '../../../core/data/object-name.ts'
import { isMissing, isTaken, readFailed, writeFailed } from './errors.ts'

const TEMPORARY = '.pawl-tmp'
/** A temporary file this old belongs to nobody any more. */
const STALE_MS = 24 * 3600 * 1000

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function writeAll(handle: FileHandle, body: Readable | Uint8Array, signal?: AbortSignal): Promise<number> {
  let sizeBytes = 0
  const chunks: AsyncIterable<Uint8Array> | Uint8Array[] = body instanceof Uint8Array ? [body] : body
  for await (const chunk of chunks) {
    signal?.throwIfAborted()
    let at = 0
    while (at < chunk.length) at += (await handle.write(chunk, at)).bytesWritten
    sizeBytes += chunk.length
  }
  signal?.throwIfAborted()
  await handle.sync()
  return sizeBytes
}

function taken(name: string, where: string): PawlError {
  return new PawlError({
    code: 'cluster-conflict',
    message: `${name} exists already in ${where}.`,
    facts: { object: name },
  })
}

/** Gives a finished file its name, unless the name is taken. */
async function publish(temporary: string, final: string, name: string, where: string): Promise<void> {
  try {
    await link(temporary, final)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : ''
    if (code === 'EEXIST') throw taken(name, where)
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS' && code !== 'EMLINK') throw error
    // A file system without hard links: look, then rename. Two writers of one name are kept apart by the run's lease.
    const there = await stat(final).then(
      () => true,
      () => false,
    )
    if (there) throw taken(name, where)
    await rename(temporary, final)
    return
  }
  await unlink(temporary)
}

async function* walk(root: string, under: string): AsyncGenerator<string> {
  const entries = await readdir(join(root, under), { withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return []
    throw error
  })
  for (const entry of entries) {
    if (under === '' && entry.name === TEMPORARY) continue
    const name = under === '' ? entry.name : `${under}/${entry.name}`
    if (entry.isDirectory()) yield* walk(root, name)
    else if (entry.isFile()) yield name
  }
}

function objectOf(name: string, found: { size: number; mtime: Date }): StoredObject {
  return { name, sizeBytes: found.size, modifiedAt: found.mtime.toISOString() }
}

export interface FileStoreOptions {
  path: string
  /** Makes the directory where it is missing; a mounted volume must be there already. */
  create?: boolean
}

export function fileStore(options: FileStoreOptions): ObjectStore {
  const root = options.path
  const where = `directory ${root}`
  const temporaryDirectory = join(root, TEMPORARY)

  async function prepare(): Promise<void> {
    if (options.create === true) await mkdir(root, { recursive: true, mode: 0o700 })
    // Not recursive: a volume that is not mounted must be an error, not a directory of the same name.
    await mkdir(temporaryDirectory, { mode: 0o700 }).catch((error: unknown) => {
      if (!isTaken(error)) throw error
    })
  }

  /** Creates what is missing of an object's directory and syncs each parent that got a new entry. */
  async function prepareParent(path: string): Promise<void> {
    const first = await mkdir(path, { recursive: true, mode: 0o700 })
    if (first === undefined) return
    for (let at = path; at.length >= dirname(first).length && at !== dirname(at); at = dirname(at))
      await syncDirectory(at)
  }

  async function stranded(before: Date, what: 'count' | 'remove'): Promise<number> {
    let count = 0
    for (const name of await readdir(temporaryDirectory)) {
      const path = join(temporaryDirectory, name)
      const begun = await stat(path).then(
        (found) => found.mtimeMs,
        () => Number.POSITIVE_INFINITY,
      )
      if (begun >= before.getTime()) continue
      count += 1
      if (what === 'remove') await rm(path, { force: true })
    }
    return count
  }

  return {
    where,
    async put(name, body, signal) {
      const final = join(root, checkName(name))
      const temporary = join(temporaryDirectory, randomBytes(12).toString('hex'))
      try {
        await prepare()
        if (
          await stat(final).then(
            () => true,
            () => false,
          )
        )
          throw taken(name, where)
        const handle = await open(temporary, 'wx', 0o600)
        let sizeBytes: number
        try {
          sizeBytes = await writeAll(handle, body, signal)
        } finally {
          await handle.close()
        }
        await prepareParent(dirname(final))
        // Bringing it to the disk may have lasted: who was told to stop by then names nothing any more.
        signal?.throwIfAborted()
        await publish(temporary, final, name, where)
        await syncDirectory(dirname(final))
        return { sizeBytes }
      } catch (error) {
        if (body instanceof Readable) body.destroy()
        await rm(temporary, { force: true }).catch(() => undefined)
        throw writeFailed(error, where)
      }
    },
    async get(name) {
      let handle: FileHandle
      try {
        handle = await open(join(root, checkName(name)), 'r')
      } catch (error) {
        if (!isMissing(error)) throw readFailed(error, where)
        const message = `${name} is missing in ${where}.`
        throw new PawlError({ code: 'backup-damaged', message, facts: { object: name } })
      }
      async function* chunks(): AsyncGenerator<Uint8Array> {
        try {
          yield* handle.createReadStream({ highWaterMark: 256 * 1024, autoClose: false })
        } catch (error) {
          throw readFailed(error, where)
        } finally {
          await handle.close()
        }
      }
      return Readable.from(chunks(), { objectMode: false, highWaterMark: 512 * 1024 })
    },
    async head(name) {
      try {
        return objectOf(name, await stat(join(root, checkName(name))))
      } catch (error) {
        if (isMissing(error)) return undefined
        throw readFailed(error, where)
      }
    },
    async list(prefix) {
      const found: StoredObject[] = []
      const under = prefix.includes('/') ? prefix.slice(0, prefix.lastIndexOf('/')) : ''
      if (under !== '') checkName(under)
      try {
        await access(root)
        for await (const name of walk(root, under)) {
          if (name.startsWith(prefix)) found.push(objectOf(name, await stat(join(root, name))))
        }
      } catch (error) {
        throw readFailed(error, where)
      }
      return found.toSorted((left, right) => (left.name < right.name ? -1 : 1))
    },
    async remove(name) {
      const path = join(root, checkName(name))
      try {
        await unlink(path)
        // Empty directories are not objects; one that is not empty stays.
        for (let at = dirname(path); at !== root && at.startsWith(root); at = dirname(at)) await rmdir(at)
      } catch (error) {
        if (isMissing(error)) return false
        const code = error instanceof Error && 'code' in error ? error.code : ''
        if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'EBUSY') throw writeFailed(error, where)
      }
      return true
    },
    async stranded({ before }, what) {
      try {
        await prepare()
        return await stranded(before, what)
      } catch (error) {
        throw writeFailed(error, where)
      }
    },
    async freeBytes() {
      try {
        await prepare()
        await stranded(new Date(Date.now() - STALE_MS), 'remove')
        const space = await statfs(root)
        return space.bavail * space.bsize
      } catch (error) {
        throw writeFailed(error, where)
      }
    },
  }
}
