// What Azure Blob Storage's answers mean for a store.
import { field, type Meaning, type Refusal } from '../answers.ts'

export function statusOf(error: unknown): number {
  const status = field(error, 'statusCode')
  return typeof status === 'number' ? status : 0
}

function codeOf(error: unknown): string {
  const code = field(error, 'code') ?? field(field(error, 'details'), 'errorCode')
  return typeof code === 'string' ? code : ''
}

function why(error: unknown): string {
  const name = field(error, 'name')
  const word = codeOf(error) || (typeof name === 'string' ? name : 'unknown')
  const status = statusOf(error)
  return status === 0 ? word : `${word}, HTTP ${status}`
}

/** https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes */
const LOCKED = new Set([
  'BlobImmutableDueToPolicy',
  'BlobImmutableDueToLegalHold',
  'ContainerImmutableStorageEnabled',
  'SnapshotsPresent',
])
const FULL = new Set(['AccountLimitExceeded', 'InsufficientAccountSpace'])

function meaningOf(error: unknown): Meaning {
  const [status, code] = [statusOf(error), codeOf(error)]
  if (code === 'BlobAlreadyExists' || status === 412) return 'taken'
  // The winner of a race for a name throws away the blocks that the others have sent.
  if (code === 'InvalidBlockList') return 'taken'
  if (code === 'BlobNotFound') return 'missing'
  if (LOCKED.has(code) || (status === 409 && /immutab|legal hold/i.test(error instanceof Error ? error.message : '')))
    return 'locked'
  if (FULL.has(code) || status === 507) return 'full'
  const name = String(field(error, 'name'))
  const service =
    status !== 0 || code !== '' || /^(RestError|CredentialUnavailable|AuthenticationError|AggregateAuth)/.test(name)
  return service ? 'service' : 'not ours'
}

export function refusalOf(error: unknown): Refusal {
  return { meaning: meaningOf(error), why: why(error) }
}
