// What a cloud's refusal is taken for. The bodies are those the services document; the error classes are the SDKs' own.
import { S3ServiceException } from '@aws-sdk/client-s3'
import { RestError } from '@azure/storage-blob'
import { ApiError } from '@google-cloud/storage'
import { expect, test } from 'vitest'
import { isPawlError } from '../../core/errors.ts'
import { writeError } from './answers.ts'
import { refusalOf as azure } from './azure/errors.ts'
import { refusalOf as gcs } from './gcs/errors.ts'
import { refusalOf as s3 } from './s3/errors.ts'

function amazon(name: string, status: number, message = name): Error {
  return new S3ServiceException({ name, $fault: 'client', message, $metadata: { httpStatusCode: status } })
}

function google(code: number, reason: string): Error {
  return Object.assign(new ApiError(reason), { code, errors: [{ reason, message: reason }] })
}

function microsoft(code: string, statusCode: number): Error {
  return new RestError(code, { code, statusCode })
}

const socket = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
const source = new Error('the disk it came from is gone')

test.each([
  ['s3', 'taken', s3(amazon('PreconditionFailed', 412))],
  ['s3', 'taken', s3(amazon('ConditionalRequestConflict', 409))],
  ['s3', 'full', s3(amazon('QuotaExceeded', 403))],
  ['s3', 'locked', s3(amazon('AccessDenied', 403, 'Access Denied because object protected by object lock.'))],
  ['s3', 'locked', s3(amazon('ObjectLocked', 400))],
  ['s3', 'service', s3(amazon('AccessDenied', 403, 'Access Denied'))],
  ['s3', 'service', s3(socket)],
  ['s3', 'not ours', s3(source)],
  ['gcs', 'taken', gcs(google(412, 'conditionNotMet'))],
  ['gcs', 'locked', gcs(google(403, 'retentionPolicyNotMet'))],
  ['gcs', 'locked', gcs(google(403, 'objectUnderActiveHold'))],
  ['gcs', 'service', gcs(google(403, 'forbidden'))],
  ['gcs', 'service', gcs(new Error('Could not load the default credentials. Browse to ...'))],
  ['gcs', 'service', gcs(socket)],
  ['gcs', 'not ours', gcs(source)],
  ['azure', 'taken', azure(microsoft('BlobAlreadyExists', 409))],
  ['azure', 'locked', azure(microsoft('BlobImmutableDueToPolicy', 409))],
  ['azure', 'full', azure(microsoft('AccountLimitExceeded', 403))],
  ['azure', 'service', azure(microsoft('AuthenticationFailed', 403))],
  ['azure', 'service', azure(socket)],
  ['azure', 'not ours', azure(source)],
])('%s: %s', (_, meaning, refusal) => expect(refusal.meaning).toBe(meaning))

test('a lock is said as a lock, and the source of the bytes keeps its own error', () => {
  const lock = writeError(
    google(403, 'retentionPolicyNotMet'),
    gcs(google(403, 'retentionPolicyNotMet')),
    'gs://b/',
    'x',
  )
  expect(isPawlError(lock, 'store-locked')).toBe(true)
  expect(writeError(source, s3(source), 's3://b/', 'x')).toBe(source)
})
