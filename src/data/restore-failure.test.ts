import { expect, test } from 'vitest'
import { PawlError } from '../core/errors.ts'
import { RestoreFailed } from '../ports/pgtools.ts'
import { translateRestore } from './restore-failure.ts'

function codeOf(message: string): string {
  const error = translateRestore(new RestoreFailed(`pg_restore ended with 1: pg_restore: error: ${message}`), 'ledger')
  return error instanceof PawlError ? error.code : 'none'
}

test.each([
  ['could not read from input file: end of file', 'proof-mismatch'],
  ['could not open input file "/tmp/x/3355.dat": No such file or directory', 'proof-mismatch'],
  ['could not uncompress data: (null)', 'proof-mismatch'],
  ['COPY failed for table "t": ERROR:  unexpected EOF', 'proof-mismatch'],
  ['something nobody has seen before', 'proof-mismatch'],
  ['could not execute query: ERROR:  must be owner of extension plpgsql', 'database-rights'],
  ['could not execute query: ERROR:  permission denied to create extension "x"', 'database-rights'],
  ['could not execute query: ERROR:  could not extend file "base/1": No space left on device', 'backup-failed'],
  ['connection to server at "x" failed: Connection refused', 'backup-failed'],
  ['COPY failed for table "t": server closed the connection unexpectedly', 'backup-failed'],
  ['could not execute query: ERROR:  out of shared memory', 'backup-failed'],
])('%s: %s', (message, code) => {
  expect(codeOf(message)).toBe(code)
})

test.each([
  'connection to server at "x", port 5432 failed: FATAL:  sorry, too many clients already',
  // As libpq said it before 14.
  'connection to database "x" failed: FATAL:  too many connections for role "y"',
  'connection to database "x" failed: FATAL:  remaining connection slots are reserved for superusers',
])('no connection left is held against nobody, and it is said what to do: %s', (said) => {
  expect(translateRestore(new RestoreFailed(`pg_restore: error: ${said}`), 'ledger')).toMatchObject({
    code: 'backup-failed',
    hint: expect.stringContaining('fewer jobs'),
  })
})

test('pg_restore that was killed says nothing against the archive', () => {
  expect(translateRestore(new RestoreFailed('pg_restore ended with 137: '), 'ledger')).toMatchObject({
    code: 'backup-failed',
  })
})

test('a worker that died without a word was killed; one that said why before was not', () => {
  const died = 'pg_restore: error: a worker process died unexpectedly'
  const copy = 'pg_restore: error: COPY failed for table "t": ERROR:  missing data for column "b"'
  const twice = 'pg_restore:pg_restore:  error: a worker process died unexpectedly'
  const codes = [died, twice, `${copy}; ${died}`].map((lines) =>
    translateRestore(new RestoreFailed(`pg_restore ended with 1: ${lines}`), 'ledger'),
  )
  expect(codes).toMatchObject([{ code: 'backup-failed' }, { code: 'backup-failed' }, { code: 'proof-mismatch' }])
})

test('any other error stays what it is', () => {
  const error = new Error('x')
  expect(translateRestore(error, 'ledger')).toBe(error)
})
