import { expect, test } from 'vitest'
import { globals } from './globals.fixture.ts'
import { createRoleSql, membershipSql, roleSettingSql, rolesOf } from './roles.ts'

test('every role but the server’s first one, once for all databases, and the memberships and settings among them', () => {
  const { roles, memberships, roleSettings } = rolesOf([globals, globals], 'postgres')
  expect(roles.map(createRoleSql)).toEqual([
    `create role "App Owner" LOGIN connection limit 20 valid until '2030-01-01 00:00:00.000000+00' password 'SCRAM-SHA-256$4096:x'`,
    'create role "reader" NOINHERIT',
  ])
  expect(memberships.map(membershipSql)).toEqual(['grant "reader" to "App Owner"', 'grant "pg_monitor" to "reader"'])
  expect(roleSettings.map(roleSettingSql)).toEqual([`alter role "reader" set "search_path" to 'public', 'Mixed Case'`])
})

test('a membership says from 16 on what it gives, before that only whether it may be given on', () => {
  const one = { role: 'a', member: 'b', admin: true }
  expect(membershipSql(one)).toBe('grant "a" to "b" with admin option')
  expect(membershipSql({ ...one, inherit: false, set: true })).toBe(
    'grant "a" to "b" with admin true, inherit false, set true',
  )
})
