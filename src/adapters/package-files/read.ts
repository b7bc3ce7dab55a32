// Reads the files of a package from a directory, and a package that was downloaded before.
import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { PawlError } from '../../core/errors.ts'
import { codeOf, unreadable } from './errors.ts'
import { LARGEST_ENTRY, LARGEST_ZIP } from '../../core/package/limits.ts'

export async function readTexts(directory: string, names: readonly string[]): Promise<Record<string, string>> {
  try {
    if (!(await stat(directory)).isDirectory()) throw notA(directory, 'directory')
  } catch (error) {
    throw unreadable(error, directory)
  }
  const texts: Record<string, string> = {}
  for (const name of names) {
    const bytes = await readFile(join(directory, name), LARGEST_ENTRY).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return undefined
      throw unreadable(error, join(directory, name))
    })
    if (bytes !== undefined) texts[name] = textOf(bytes, join(directory, name))
  }
  return texts
}

export async function readZip(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path, LARGEST_ZIP)
  } catch (error) {
    throw unreadable(error, path)
  }
}

/** Whole, and only where it is a plain file of a sensible size: a device or a pipe would never end. */
async function readFile(path: string, most: number): Promise<Uint8Array> {
  const handle = await open(path, 'r')
  try {
    const found = await handle.stat()
    if (!found.isFile()) throw notA(path, 'plain file')
    if (found.size > most) throw notA(path, `file of at most ${most} bytes`)
    return await handle.readFile()
  } finally {
    await handle.close()
  }
}

export function textOf(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw notA(where, 'text in UTF-8')
  }
}

function notA(path: string, what: string): PawlError {
  return new PawlError({
    code: 'input-invalid',
    message: `${path} is no ${what}`,
    unchanged: 'Nothing was downloaded.',
  })
}
