// Puts the files of a package in their place: each whole or not at all, and nothing that was there before is lost.
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { link, lstat, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { PawlError } from '../../core/errors.ts'
import type { PlacedFile } from '../../ports/packages.ts'
import { codeOf, unwritable } from './errors.ts'

interface Staged {
  name: string
  temporary: string
}

/** Everything is written aside before the first name is given: a disk that is full changes nothing. */
export async function placeFiles(
  directory: string,
  files: Readonly<Record<string, Uint8Array>>,
  at: Date,
): Promise<PlacedFile[]> {
  const staged: Staged[] = []
  const placed: PlacedFile[] = []
  try {
    for (const [name, bytes] of Object.entries(files)) {
      if (await isSame(join(directory, name), bytes)) placed.push({ name, outcome: 'same' })
      else staged.push(await stage(directory, name, bytes))
    }
    for (const { name, temporary } of staged) {
      const kept = await keepAside(directory, name, at)
      await rename(temporary, join(directory, name))
      placed.push({ name, outcome: 'written', ...(kept === undefined ? {} : { kept }) })
    }
    await syncDirectory(directory)
    const order = Object.keys(files)
    return placed.toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name))
  } catch (error) {
    throw unwritable(error, directory)
  } finally {
    for (const { temporary } of staged) await rm(temporary, { force: true }).catch(() => undefined)
  }
}

async function stage(directory: string, name: string, bytes: Uint8Array): Promise<Staged> {
  const temporary = join(directory, `.${name}.${randomBytes(6).toString('hex')}.new`)
  const handle = await open(temporary, 'wx', 0o600)
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw error
  } finally {
    await handle.close()
  }
  return { name, temporary }
}

/** A plain file with these bytes. Throws `output-unwritable` for a directory of that name. */
async function isSame(path: string, bytes: Uint8Array): Promise<boolean> {
  const found = await statOf(path)
  if (found?.isDirectory() === true)
    throw new PawlError({
      code: 'output-unwritable',
      message: `${path} is a directory`,
      unchanged: 'Nothing was put in place.',
    })
  return found?.isFile() === true && found.size === bytes.length && (await readFile(path)).equals(bytes)
}

/** Gives what has this name a second one with the time in it; `undefined` where nothing has it. */
async function keepAside(directory: string, name: string, at: Date): Promise<string | undefined> {
  const path = join(directory, name)
  if ((await statOf(path)) === undefined) return undefined
  const stamp = at.toISOString().replace(/[-:]|\.\d+/g, '')
  for (let more = 1; ; more += 1) {
    const kept = `${name}.${stamp}${more === 1 ? '' : `-${more}`}`
    try {
      await link(path, join(directory, kept))
      return kept
    } catch (error) {
      const code = codeOf(error)
      if (code === 'EEXIST') continue
      // A file system without second names: it is moved, and for a moment there is none of this name.
      if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK'].includes(code)) throw error
      if ((await statOf(join(directory, kept))) !== undefined) continue
      await rename(path, join(directory, kept))
      return kept
    }
  }
}

async function statOf(path: string): Promise<Awaited<ReturnType<typeof lstat>> | undefined> {
  return await lstat(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  })
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
