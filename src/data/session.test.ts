import { expect, test } from 'vitest'
import { PawlError } from '../core/errors.ts'
import { QueryFailed } from '../ports/database.ts'
import { pins, translateQuery, unhindered } from './session.ts'

test('settings that a major does not know are not asked of it', () => {
  expect(unhindered(13)).not.toHaveProperty('idle_session_timeout')
  expect(unhindered(16)).not.toHaveProperty('transaction_timeout')
  expect(unhindered(17)).toMatchObject({ idle_session_timeout: '0', transaction_timeout: '0', statement_timeout: '0' })
})

test('everything that changes how a row looks as text is pinned', () => {
  const pinned = [
    'row_security',
    'search_path',
    'datestyle',
    'intervalstyle',
    'timezone',
    'extra_float_digits',
    'bytea_output',
    'lc_monetary',
    'xmloption',
  ]
  expect(Object.keys(pins(15))).toEqual(expect.arrayContaining(pinned))
})

test('a refusal of rights, of row security, and any other', () => {
  expect(translateQuery(new QueryFailed('permission denied for table x', '42501'), 'Reading x')).toMatchObject({
    code: 'database-rights',
  })
  expect(
    translateQuery(new QueryFailed('query would be affected by row-level security policy for table "x"', '42501'), 'R'),
  ).toMatchObject({ code: 'database-rights' })
  expect(translateQuery(new QueryFailed('deadlock detected', '40P01'), 'Reading x')).toMatchObject({
    code: 'backup-failed',
    message: 'Reading x: deadlock detected (40P01).',
    facts: { sqlState: '40P01' },
  })
})

test('a quoted value is not repeated', () => {
  const error = translateQuery(
    new QueryFailed('invalid value for parameter "app.key": "canary"', '22023'),
    'Setting',
  ) as PawlError
  expect(error.message).toBe('Setting: invalid value for parameter "app.key" (22023).')
})

test('errors of ours and of others pass as they are', () => {
  const ours = new PawlError({ code: 'store-full', message: 'x' })
  expect(translateQuery(ours, 'y')).toBe(ours)
})
