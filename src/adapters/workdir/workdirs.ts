// Private directories under the machine's place for temporary files.
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, readFileSync } from 'node:fs'
import { appendFile, mkdir, mkdtemp, readdir, rm, stat, statfs, truncate, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join, relative, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { PawlError } from '../../core/errors.ts'
import type { WorkDir, WorkDirs, WorkFile } from '../../ports/workdir.ts'

const BUFFER_BYTES = 256 * 1024

const WHY = new Map([
  ['ENOSPC', 'There is no room left for temporary files'],
  ['EDQUOT', 'There is no room left for temporary files'],
  ['ENOENT', 'Temporary files cannot be made'],
  ['ENOTDIR', 'Temporary files cannot be made'],
  ['EACCES', 'Temporary files cannot be made'],
  ['EROFS', 'Temporary files cannot be made'],
])

function translated(error: unknown, root: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (typeof code !== 'string' || !WHY.has(code)) return error
  return new PawlError({
    code: 'backup-failed',
    message: `${WHY.get(code)} in ${root} (${code}).`,
    hint: 'Make room there (or point TMPDIR to a larger place), then repeat.',
    cause: error,
  })
}

function workDir(path: string, limitBytes: number): WorkDir {
  const at = (name: string): string => join(path, name)
  return {
    path,
    at,
    async files(under) {
      const entries = await readdir(at(under), { recursive: true, withFileTypes: true }).catch((error: unknown) => {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
        throw error
      })
      const found: WorkFile[] = []
      for (const entry of entries.filter((candidate) => candidate.isFile())) {
        const full = join(entry.parentPath, entry.name)
        // A file may go while somebody else writes the directory.
        const size = await stat(full).then(
          (seen) => seen.size,
          () => undefined,
        )
        if (size !== undefined) found.push({ name: relative(path, full).split(sep).join('/'), sizeBytes: size })
      }
      return found.toSorted((left, right) => (left.name < right.name ? -1 : 1))
    },
    read: (name) => createReadStream(at(name), { highWaterMark: BUFFER_BYTES }),
    // At once: for a small file, five calls in other threads take ten times as long as the reading.
    bytes: async (name) => readFileSync(at(name)),
    async write(name, body, signal) {
      await mkdir(dirname(at(name)), { recursive: true, mode: 0o700 })
      try {
        if (body instanceof Uint8Array) {
          await writeFile(at(name), body, { flag: 'wx', mode: 0o600, ...(signal === undefined ? {} : { signal }) })
          return
        }
        const target = createWriteStream(at(name), { flags: 'wx', mode: 0o600, highWaterMark: BUFFER_BYTES })
        await pipeline(body, target, signal === undefined ? {} : { signal })
      } catch (error) {
        signal?.throwIfAborted()
        throw translated(error, path)
      }
    },
    async extend(name, bytes, sizeBytes) {
      await appendFile(at(name), bytes)
      await truncate(at(name), sizeBytes)
    },
    async remove(name) {
      await rm(at(name), { recursive: true, force: true })
    },
    async freeBytes() {
      const { bavail, bsize } = await statfs(path)
      return Math.min(bavail * bsize, limitBytes)
    },
    async dispose() {
      await rm(path, { recursive: true, force: true, maxRetries: 3, retryDelay: 100 })
    },
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Somebody else's process is one too.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** A process that was killed leaves decrypted data behind; whoever comes next on the same machine removes it. */
async function sweep(root: string, machine: string): Promise<void> {
  for (const name of await readdir(root)) {
    const [, owner, pid] = /^pawl-[a-z]+-([0-9a-f]+)-(\d+)-[^-]*$/.exec(name) ?? []
    if (owner !== machine || pid === undefined || isAlive(Number(pid))) continue
    await rm(join(root, name), { recursive: true, force: true }).catch(() => undefined)
  }
}

/** `limitBytes` is what may be written to it however much room there is: a container that writes more is ended. */
export function workDirs(root: string, host: string = hostname(), limitBytes = Number.POSITIVE_INFINITY): WorkDirs {
  // Process ids mean something on one machine only. Short, for the path of a socket may have 107 bytes.
  const machine = createHash('sha256').update(host).digest('hex').slice(0, 8)
  const beginning = (what: string): string => join(root, `pawl-${what}-${machine}-${process.pid}-`)
  return {
    beginning,
    async sweep() {
      await sweep(root, machine).catch((error: unknown) => {
        throw translated(error, root)
      })
    },
    async make() {
      try {
        await sweep(root, machine)
        // mkdtemp makes it 0700.
        return workDir(await mkdtemp(beginning('work')), limitBytes)
      } catch (error) {
        throw translated(error, root)
      }
    },
  }
}
