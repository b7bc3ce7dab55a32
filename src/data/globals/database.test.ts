import { expect, test } from 'vitest'
import type { Globals } from '../manifest.ts'
import { createDatabaseSql, databaseRightsSql, settingAssignment } from './database.ts'
import { globals } from './globals.fixture.ts'

function withDatabase(more: Partial<Globals['database']>): Globals {
  return { ...globals, database: { ...globals.database, ...more } }
}

test('a new database has the recorded encoding and locale, from the template that has nothing of its own', () => {
  expect(createDatabaseSql('new "db"', globals, 14, { owner: 'App Owner' })).toBe(
    `create database "new ""db""" template template0 encoding 'UTF8' owner "App Owner" lc_collate 'en_US.utf8' lc_ctype 'en_US.utf8'`,
  )
})

test('from 15 on the provider is named, ICU and the built-in one with their locale', () => {
  expect(createDatabaseSql('n', globals, 15)).toContain('locale_provider libc')
  expect(createDatabaseSql('n', withDatabase({ provider: 'i', locale: 'de-AT' }), 15)).toContain(
    `locale_provider icu icu_locale 'de-AT'`,
  )
  expect(createDatabaseSql('n', withDatabase({ provider: 'i', locale: 'de-AT', rules: '& a < b' }), 16)).toContain(
    `icu_locale 'de-AT' icu_rules '& a < b'`,
  )
  expect(createDatabaseSql('n', withDatabase({ provider: 'b', locale: 'C.UTF-8' }), 17)).toContain(
    `locale_provider builtin builtin_locale 'C.UTF-8'`,
  )
})

test('a database lies in the tablespace that is named, where one is', () => {
  expect(createDatabaseSql('n', globals, 15, { owner: 'o', tablespace: 'Fast disk' })).toContain(
    `owner "o" tablespace "Fast disk" lc_collate`,
  )
})

test('where the locale is not there, plain C takes its place', () => {
  const sql = createDatabaseSql('n', withDatabase({ provider: 'i', locale: 'de-AT' }), 15, { plainLocale: true })
  expect(sql).toContain(`lc_collate 'C' lc_ctype 'C' locale_provider libc`)
})

test('default rights are left alone; recorded ones replace what everybody has', () => {
  expect(databaseRightsSql('n', globals)).toEqual([])
  const grants = [
    { grantee: '', privilege: 'CONNECT', grantable: false },
    { grantee: 'App Owner', privilege: 'CREATE', grantable: false },
    { grantee: 'reader', privilege: 'TEMPORARY', grantable: true },
  ]
  expect(databaseRightsSql('n', withDatabase({ grants }))).toEqual([
    'revoke all on database "n" from public, "App Owner"',
    'grant CONNECT on database "n" to public',
    'grant CREATE on database "n" to "App Owner"',
    'grant TEMPORARY on database "n" to "reader" with grant option',
  ])
})

test('settings come back as they were: names in lists stay names, values stay values', () => {
  const settings = [
    { role: null, setting: 'search_path', value: 'public, "Mixed Case"' },
    { role: null, setting: 'app.tenant', value: `a b'c` },
    { role: 'reader', setting: 'statement_timeout', value: '5s' },
    { role: 'reader', setting: 'temp_tablespaces', value: '""' },
  ]
  expect(
    databaseRightsSql('n', { ...globals, settings, database: { ...globals.database, connectionLimit: 5 } }),
  ).toEqual([
    `alter database "n" set "search_path" to 'public', 'Mixed Case'`,
    `alter database "n" set "app"."tenant" to 'a b''c'`,
    `alter role "reader" in database "n" set "statement_timeout" to '5s'`,
    `alter role "reader" in database "n" set "temp_tablespaces" to ''`,
    'alter database "n" connection limit 5',
  ])
})

test.each([
  ['search_path', '', `''`],
  ['search_path', '""', `''`],
  ['search_path', `"$user", public, "a, b","c""d", "it's"`, `'$user', 'public', 'a, b', 'c"d', 'it''s'`],
  ['search_path', ' Public ,"Mixed" ', `'public', 'Mixed'`],
  ['local_preload_libraries', '$libdir/Plug, "B b"', `'$libdir/Plug', 'B b'`],
  // What is no list of names is left to the server.
  ['search_path', '"open', `'"open'`],
  ['search_path', 'a,', `'a,'`],
  // These are texts, commas or not.
  ['DateStyle', 'ISO, DMY', `'ISO, DMY'`],
  ['app.note', `"a", 'b'`, `'"a", ''b'''`],
])('%s, stored as %s', (setting, value, written) => {
  expect(settingAssignment(setting, value).replace(/^.* to /, '')).toBe(written)
})
