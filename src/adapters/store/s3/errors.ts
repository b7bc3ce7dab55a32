// What an S3 service's answers mean for a store.
import { isPawlError, PawlError } from '../../../core/errors.ts'

function field(error: unknown, name: string): unknown {
  return typeof error === 'object' && error !== null && name in error
    ? (error as Record<string, unknown>)[name]
    : undefined
}

export function statusOf(error: unknown): number {
  const status = field(field(error, '$metadata'), 'httpStatusCode')
  return typeof status === 'number' ? status : 0
}

function why(error: unknown): string {
  const [name, code] = [field(error, 'name'), field(error, 'code')]
  // A failed connection is a plain Error whose code says more than its name.
  const word = typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown'
  const status = statusOf(error)
  return status === 0 ? word : `${word}, HTTP ${status}`
}

function isAbort(error: unknown): error is Error {
  return error instanceof Error && error.name === 'AbortError'
}

/** An answer of the service or a failed connection; anything else comes from the source of the bytes. */
function isService(error: unknown): boolean {
  return (
    field(error, '$metadata') !== undefined ||
    typeof field(error, 'code') === 'string' ||
    // No key of any kind was found for the store: nothing was sent at all.
    ['TimeoutError', 'CredentialsProviderError'].includes(String(field(error, 'name')))
  )
}

export function writeFailed(error: unknown, where: string, name: string): Error {
  if (isPawlError(error) || isAbort(error)) return error
  const status = statusOf(error)
  // 412: the name is taken. 409: somebody writes the same name at this moment.
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
  if (status === 412 || (status === 409 && field(error, 'name') === 'ConditionalRequestConflict')) {
    return new PawlError({
      code: 'cluster-conflict',
      message: `${name} exists already in ${where}.`,
      facts: { object: name },
    })
  }
  if (!isService(error)) return error instanceof Error ? error : new Error(String(error))
  const full =
    status === 507 ||
    ['QuotaExceeded', 'XMinioStorageFull', 'InsufficientStorage'].includes(String(field(error, 'name')))
  return new PawlError({
    code: full ? 'store-full' : 'store-unwritable',
    message: full ? `There is no room left in ${where}.` : `${where} cannot be written (${why(error)}).`,
    cause: error,
  })
}

export function readFailed(error: unknown, where: string, name?: string): Error {
  if (isPawlError(error) || isAbort(error)) return error
  if (name !== undefined && (field(error, 'name') === 'NoSuchKey' || field(error, 'name') === 'NotFound')) {
    return new PawlError({
      code: 'backup-damaged',
      message: `${name} is missing in ${where}.`,
      facts: { object: name },
    })
  }
  return new PawlError({ code: 'store-unreadable', message: `${where} cannot be read (${why(error)}).`, cause: error })
}
