// Writes a file a person asked for: whole or not at all, so that a reader never finds half of it.
import { open, rename, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { PawlError } from '../../core/errors.ts'

/** What was there under this name is replaced. Throws `input-invalid` where the file cannot be written. */
export async function writeWholeFile(path: string, content: string): Promise<void> {
  const target = resolve(path)
  const aside = `${target}.${process.pid}.part`
  try {
    const file = await open(aside, 'w')
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(aside, target)
  } catch (cause) {
    await rm(aside, { force: true }).catch(() => undefined)
    throw new PawlError({
      code: 'input-invalid',
      message: `cannot write ${target}: ${cause instanceof Error ? cause.message : String(cause)}`,
      unchanged: 'Nothing was changed.',
      hint: `Name a file in a directory that exists and may be written; ${dirname(target)} is not one.`,
      cause,
    })
  }
}
