import { expect, test } from 'vitest'
import { collationDifferences, databaseDifferences, rolesDifferences, sourceCollationNotes } from './compare.ts'
import { globals } from './globals.fixture.ts'
import { rolesOf } from './roles.ts'

const recorded = rolesOf([globals], 'postgres')
const [owner, reader] = recorded.roles

test('what is as it was recorded is not mentioned, and neither is what a server has besides', () => {
  const more = { name: 'x', attributes: ['SUPERUSER'], connectionLimit: 1, validUntil: null }
  expect(rolesDifferences(recorded, { ...globals, roles: [...globals.roles, more] }, true)).toEqual([])
  expect(databaseDifferences(globals, globals)).toEqual([])
  expect(collationDifferences(globals, globals)).toEqual([])
  expect(sourceCollationNotes(globals)).toEqual([])
})

test.each([
  [{ attributes: ['LOGIN'] }, 'role App Owner: INHERIT LOGIN in the backup, LOGIN here'],
  [{ connectionLimit: 3 }, 'role App Owner: another connection limit here'],
  [{ validUntil: null }, 'role App Owner: valid until another time here'],
  [{ password: 'md5canary' }, 'role App Owner: another password here'],
])('a role with %j is named, without its password', (change, words) => {
  const got = { ...recorded, roles: [{ ...owner!, ...change }, reader!] }
  expect(rolesDifferences(recorded, got, true)).toEqual([words])
})

test('passwords count only where they were asked for', () => {
  const got = { ...recorded, roles: [{ ...owner!, password: 'md5canary' }, reader!] }
  expect(rolesDifferences(recorded, got, false)).toEqual([])
})

test('a role that is not there is named once, not again for what it should have', () => {
  expect(rolesDifferences(recorded, { ...recorded, roles: [owner!] }, true)).toEqual([
    'role reader: not on this server',
  ])
})

test('memberships and settings of roles', () => {
  expect(rolesDifferences(recorded, { ...recorded, memberships: [], roleSettings: [] }, true)).toEqual([
    'membership of App Owner in reader: not on this server',
    'membership of reader in pg_monitor: not on this server',
    'setting search_path of role reader: not the same here',
  ])
  const options = recorded.memberships.map((one) => ({ ...one, admin: true }))
  expect(rolesDifferences(recorded, { ...recorded, memberships: options }, true)).toHaveLength(2)
})

test('owner, limit, rights and settings of the database; never a value', () => {
  const settings = [
    { role: null, setting: 'app.key', value: 'canary' },
    { role: 'reader', setting: 'a', value: 'b' },
  ]
  const other = { owner: 'x', connectionLimit: 1, grants: [{ grantee: '', privilege: 'CONNECT', grantable: false }] }
  const found = databaseDifferences(
    { ...globals, settings },
    { settings: [], database: { ...globals.database, ...other } },
  )
  expect(found).toEqual([
    'owner of the database: another one here',
    'connection limit of the database: another one here',
    'rights on the database: not the same here',
    'setting app.key of the database: not the same here',
    'setting a of role reader in it: not the same here',
  ])
})

test('sort orders: of another version than the indexes of the source, and of another version than the source’s', () => {
  const collations = [{ name: 'public.german', version: '153.14', actual: '153.120' }]
  const moved = { ...globals, collations, database: { ...globals.database, actualCollationVersion: '2.41' } }
  expect(sourceCollationNotes(moved)).toEqual([
    expect.stringContaining('sort order of the database: made under version 2.36'),
    expect.stringContaining('sort order public.german: made under version 153.14'),
  ])
  expect(collationDifferences(moved, { ...globals, collations: [{ ...collations[0]!, actual: '153.14' }] })).toEqual([
    'sort order of the database: version 2.41 in the source, 2.36 where it was restored',
    'sort order public.german: version 153.120 in the source, 153.14 where it was restored',
  ])
  expect(
    collationDifferences(moved, { ...globals, database: { ...globals.database, actualCollationVersion: null } }),
  ).toEqual([])
})
