// Small file helpers: writing whole or not at all, and questions about what is there.
import { access, constants, mkdir, rename, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'

/** Writes a file so that a reader sees the old content or the new, never a part. */
export async function writeWhole(path: string, content: string, mode = 0o644): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const partial = `${path}.${process.pid}.partial`
  await writeFile(partial, content, { mode })
  await rename(partial, path)
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** Full path of a program, looked up as a shell would; undefined where there is none. */
export async function findProgram(name: string, path = process.env['PATH'] ?? ''): Promise<string | undefined> {
  for (const directory of [...path.split(delimiter), '/usr/sbin', '/sbin', '/usr/local/go/bin']) {
    const candidate = join(directory, name)
    const runnable = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (directory && runnable) return candidate
  }
  return undefined
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
