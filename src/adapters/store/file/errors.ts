// What the file system's own error codes mean for a store.
import { PawlError, isPawlError } from '../../../core/errors.ts'

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

export function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT'
}

export function isTaken(error: unknown): boolean {
  return codeOf(error) === 'EEXIST'
}

export function writeFailed(error: unknown, where: string): Error {
  if (isPawlError(error) || (error instanceof Error && error.name === 'AbortError')) return error
  const code = codeOf(error)
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new PawlError({ code: 'store-full', message: `There is no room left in ${where} (${code}).`, cause: error })
  }
  // Anything without a system error code is not the store's: the source of the bytes broke.
  if (code === '' || code.startsWith('ERR_')) return error instanceof Error ? error : new Error(String(error))
  return new PawlError({ code: 'store-unwritable', message: `${where} cannot be written (${code}).`, cause: error })
}

export function readFailed(error: unknown, where: string): Error {
  if (isPawlError(error) || (error instanceof Error && error.name === 'AbortError')) return error
  const message = `${where} cannot be read (${codeOf(error) || String(error)}).`
  return new PawlError({ code: 'store-unreadable', message, cause: error })
}
