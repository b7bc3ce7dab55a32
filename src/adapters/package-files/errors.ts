// What the file system's refusals mean for a download.
import { PawlError } from '../../core/errors.ts'

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

export function unwritable(error: unknown, directory: string): Error {
  const code = codeOf(error)
  if (error instanceof PawlError || code === '') return error instanceof Error ? error : new Error(String(error))
  const what = FULL.has(code) ? `there is no room left in ${directory}` : `${directory} cannot be written`
  return new PawlError({
    code: 'output-unwritable',
    message: `${what} (${code})`,
    unchanged: 'Nothing was put in place.',
    facts: { directory, reason: code },
    cause: error,
  })
}

export function unreadable(error: unknown, path: string): Error {
  const code = codeOf(error)
  if (error instanceof PawlError || code === '') return error instanceof Error ? error : new Error(String(error))
  return new PawlError({
    code: 'input-invalid',
    message: code === 'ENOENT' ? `there is no ${path}` : `${path} cannot be read (${code})`,
    unchanged: 'Nothing was downloaded.',
    cause: error,
  })
}
