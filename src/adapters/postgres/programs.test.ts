import { expect, test } from 'vitest'
import { secret } from '../../core/secret.ts'
import { optionsText } from './connect.ts'
import { databaseArgument, environmentOf, errorLines } from './programs.ts'
import { versionIn } from './toolbox.ts'

test('only lines that say what failed are kept, without the rows they quote', () => {
  const stderr = [
    'pg_restore: while PROCESSING TOC:',
    'pg_restore: from TOC entry 3; TABLE DATA people app',
    'pg_restore: error: COPY failed for table "people": ERROR:  duplicate key value violates unique constraint "people_pkey"',
    'DETAIL:  Key (email)=(canary@example.org) already exists.',
    'CONTEXT:  COPY people, line 4: "4\tcanary"',
    'Command was: COPY people FROM stdin;',
    'pg_restore: error: invalid input syntax for type integer: "canary"',
  ].join('\n')
  expect(errorLines(stderr)).toBe(
    'pg_restore: error: COPY failed for table "people": ERROR:  duplicate key value violates unique constraint "people_pkey"; pg_restore: error: invalid input syntax for type integer',
  )
})

test('a program that says nothing we know gives its last line', () => {
  expect(errorLines('something\nwent wrong\n')).toBe('went wrong')
  expect(errorLines('')).toBe('')
})

test('versions of every kind', () => {
  expect(versionIn('pg_dump (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)')).toBe('15.20')
  expect(versionIn('pg_dump (PostgreSQL) 19devel')).toBe('19devel')
  expect(versionIn('pg_dump (PostgreSQL) 18beta2')).toBe('18beta2')
  expect(versionIn('zsh: no such command')).toBeUndefined()
})

test('settings as connection options: spaces and backslashes are escaped', () => {
  expect(optionsText({ search_path: '', a: String.raw`b c\d` })).toBe(String.raw`-c search_path= -c a=b\ c\\d`)
})

test('a database name cannot become another connection parameter', () => {
  expect(databaseArgument(`x' host='evil`)).toBe(String.raw`dbname='x\' host=\'evil'`)
})

test('the password is in the environment of the program only', () => {
  const target = { host: 'h', port: 1, database: 'd', user: 'u', password: secret('canary'), tls: 'require' as const }
  expect(environmentOf(target)).toMatchObject({
    PGHOST: 'h',
    PGPORT: '1',
    PGDATABASE: 'd',
    PGUSER: 'u',
    PGPASSWORD: 'canary',
    PGSSLMODE: 'require',
    PGAPPNAME: 'pawl',
  })
})
