import { expect, test } from 'vitest'
import { SAMPLE_PROFILE } from '../plan/facts.fixture.ts'
import type { CelScope } from './cel.ts'
import { databasesOf, locationsOf } from './databases.ts'
import type { DatabaseRule, Profile } from './profile.ts'

const RULE: DatabaseRule = {
  role: 'ledger',
  when: 'true',
  host: "'db'",
  port: '5432',
  database: "'tally'",
  user: "'app'",
  passwordSecret: "''",
  passwordKey: "''",
  tls: "'require'",
  migrations: { table: 'public.migrations', column: 'name' },
  expected: "''",
  migrator: { kind: 'deployment', deployment: "'api'" },
}

const scope: CelScope = {
  release: { name: 'prod', namespace: 'ledger' },
  values: {},
  chart: { name: 'sample', version: '1.0.0', appVersion: '2026.3.9', annotations: {} },
}

function profile(change: Partial<DatabaseRule>): Profile {
  return { ...SAMPLE_PROFILE, databases: [{ ...RULE, ...change }] }
}

test('a login without a Secret has no password; nothing is invented for what the rules leave out', () => {
  expect(databasesOf(profile({}), scope)).toEqual([
    {
      target: {
        role: 'ledger',
        host: 'db',
        port: 5432,
        database: 'tally',
        login: { user: 'app' },
        tls: 'require',
        migrations: RULE.migrations,
      },
      migrator: { kind: 'deployment', deployment: 'api' },
    },
  ])
})

test.each(['host', 'database', 'user'] as const)('an empty %s is an unknown that is named', (field) => {
  const expected = { code: 'unknown-state', facts: { field: `databases.ledger.${field}`, profile: 'sample' } }
  expect(() => databasesOf(profile({ [field]: "''" }), scope)).toThrow(
    expect.objectContaining({ code: expected.code, facts: expect.objectContaining(expected.facts) }),
  )
})

test('settings that may put a database elsewhere are told with its location, and nothing of what they hold', () => {
  const variables = { host: 'DB_HOST', port: 'DB_PORT', database: 'DB_NAME', user: 'DB_USER', password: 'DB_PASSWORD' }
  const container = { deployment: "'api'", name: 'api' }
  const evidence = [{ configMap: "'api'", container, ...variables, overrides: 'api' }]
  const told = (api: Record<string, unknown>): unknown =>
    locationsOf(profile({ evidence }), { ...scope, values: { api } })[0]?.overriddenBy
  expect(told({})).toBeUndefined()
  expect(told({ existingConfigMap: '', extraEnvVars: [{ name: 'DB_PASSWORD', value: 'x' }] })).toBeUndefined()
  expect(told({ extraEnvVars: [{ name: 'DB_HOST', value: 'db-2' }] })).toBe('api')
  expect(told({ extraEnvVarsCM: 'mine' })).toBe('api')
})

test('locations are told without the rest of the rules, and only of databases that are there', () => {
  const location = { role: 'ledger', host: 'db', port: 5432, database: 'tally' }
  expect(locationsOf(profile({ tls: 'broken(' }), scope)).toEqual([location])
  expect(locationsOf(profile({ when: 'false' }), scope)).toEqual([])
})
