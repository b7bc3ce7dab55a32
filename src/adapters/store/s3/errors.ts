// What an S3 service's answers mean for a store.
import { field, type Meaning, type Refusal } from '../answers.ts'

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

/** An answer of the service or a failed connection; anything else comes from the source of the bytes. */
function isService(error: unknown): boolean {
  return (
    field(error, '$metadata') !== undefined ||
    typeof field(error, 'code') === 'string' ||
    // No key of any kind was found for the store: nothing was sent at all.
    ['TimeoutError', 'CredentialsProviderError'].includes(String(field(error, 'name')))
  )
}

const FULL = new Set(['QuotaExceeded', 'XMinioStorageFull', 'InsufficientStorage'])
const MISSING = new Set(['NoSuchKey', 'NotFound'])

function meaningOf(error: unknown): Meaning {
  const [status, name] = [statusOf(error), String(field(error, 'name'))]
  // 412: the name is taken. 409: somebody writes the same name at this moment.
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
  if (status === 412 || (status === 409 && name === 'ConditionalRequestConflict')) return 'taken'
  if (status === 507 || FULL.has(name)) return 'full'
  if (MISSING.has(name)) return 'missing'
  // Amazon answers AccessDenied, "because object protected by object lock"; others have a code of their own.
  const text = error instanceof Error ? error.message : ''
  if (name === 'ObjectLocked' || (status === 403 && /object.?lock|retention|legal.?hold|worm/i.test(text)))
    return 'locked'
  return isService(error) ? 'service' : 'not ours'
}

export function refusalOf(error: unknown): Refusal {
  return { meaning: meaningOf(error), why: why(error) }
}
