import { expect, test } from 'vitest'
import { evaluatorFor } from '../../core/profile/cel.ts'
import { databasesOf } from '../../core/profile/databases.ts'
import { tallyScope } from './scope.fixture.ts'
import { tally } from './profile.ts'

function fullnameOf(release: string, values = {}): string {
  const scope = tallyScope({}, release)
  return evaluatorFor('tally', { ...scope, values: { ...scope.values, ...values } }).text('fullname', tally.fullname)
}

test.each([
  ['prod', {}, 'prod-tally'],
  ['tally', {}, 'tally'],
  ['my-tally-2', {}, 'my-tally-2'],
  ['prod', { nameOverride: 'ledger' }, 'prod-ledger'],
  ['prod', { fullnameOverride: 'books' }, 'books'],
  ['a'.repeat(53), { nameOverride: 'x'.repeat(20) }, `${'a'.repeat(53)}-${'x'.repeat(9)}`],
  ['a'.repeat(53), { nameOverride: `${'x'.repeat(8)}-y` }, `${'a'.repeat(53)}-${'x'.repeat(8)}`],
])('release %s with %o is called %s', (release, values, name) => {
  expect(fullnameOf(release, values)).toBe(name)
})

test('by default there is one database, on the server of the chart', () => {
  expect(databasesOf(tally, tallyScope())).toEqual([
    {
      target: {
        role: 'ledger',
        host: 'prod-postgresql',
        port: 5432,
        database: 'tally',
        login: { user: 'tally_admin', password: { secret: 'prod-postgresql', key: 'password' } },
        admin: {
          user: 'postgres',
          database: 'postgres',
          password: { secret: 'prod-postgresql', key: 'postgres-password' },
        },
        tls: 'disable',
        migrations: { table: 'public.migrations', column: 'name' },
      },
      migrator: { kind: 'init-container', deployment: 'prod-tally-ledger-api', container: 'ledger-migrations' },
      expectedMigration: '20260304100000-priority-rank',
      evidence: {
        configMap: 'prod-tally-ledger-api',
        deployment: 'prod-tally-ledger-api',
        container: 'ledger-api',
        host: 'LEDGER_POSTGRES_HOST',
        port: 'LEDGER_POSTGRES_PORT',
        database: 'LEDGER_POSTGRES_DB',
        user: 'LEDGER_POSTGRES_USER',
        password: 'LEDGER_POSTGRES_PASSWORD',
        tls: 'LEDGER_POSTGRES_SSL_ENABLED',
      },
    },
  ])
})

const external = { host: 'db.example', port: '6432', user: 'app', database: 'books', sslEnabled: true }

test("with the user's own server, everything follows externalPostgresql", () => {
  const scope = tallyScope({
    appConfigValues: { aiFeaturesEnabled: true },
    internalPostgresql: { enabled: false },
    externalPostgresql: { ...external, adminUser: 'root', adminDatabase: 'template1' },
  })
  const [ledger, assist] = databasesOf(tally, scope)
  expect(ledger?.target).toMatchObject({
    host: 'db.example',
    port: 6432,
    database: 'books',
    tls: 'require',
    login: { user: 'app', password: { secret: 'prod-externalpostgresql', key: 'db-password' } },
    admin: {
      user: 'root',
      database: 'template1',
      password: { secret: 'prod-externalpostgresql', key: 'db-admin-password' },
    },
  })
  expect(assist?.target).toEqual({ ...ledger?.target, role: 'assist', database: 'assist' })
  expect(assist?.migrator).toEqual({ kind: 'deployment', deployment: 'prod-tally-assist' })
})

test('an own Secret brings its own keys, which count only with it', () => {
  const keys = { existingSecretPasswordKey: 'pw', existingSecretAdminPasswordKey: 'admin-pw', adminUser: 'root' }
  const at = (fields: Record<string, unknown>): unknown =>
    databasesOf(tally, tallyScope({ internalPostgresql: { enabled: false }, externalPostgresql: fields }))[0]?.target
  expect(at({ ...external, ...keys, existingSecret: 'mine' })).toMatchObject({
    login: { password: { secret: 'mine', key: 'pw' } },
    admin: { password: { secret: 'mine', key: 'admin-pw' } },
  })
  expect(at({ ...external, ...keys })).toMatchObject({
    login: { password: { secret: 'prod-externalpostgresql', key: 'db-password' } },
  })
  expect(at({ ...external, existingSecret: 'mine' })).toMatchObject({
    login: { password: { secret: 'mine', key: 'db-password' } },
  })
})

test('without an administrator in the values there is none', () => {
  const scope = tallyScope({ internalPostgresql: { enabled: false }, externalPostgresql: external })
  expect(databasesOf(tally, scope)[0]?.target.admin).toBeUndefined()
})

test.each([
  [true, '1.52.2', ['ledger', 'assist']],
  [true, '1.57.1-beta', ['ledger', 'assist']],
  ['false', '1.52.2', ['ledger', 'assist']],
  [false, '1.52.2', ['ledger']],
  ['', '1.52.2', ['ledger']],
  [null, '1.52.2', ['ledger']],
  [true, '1.20.1', ['ledger']],
])('aiFeaturesEnabled %j with chart %s: %j', (aiFeaturesEnabled, chart, roles) => {
  const scope = tallyScope({ appConfigValues: { aiFeaturesEnabled } }, 'prod', chart)
  expect(databasesOf(tally, scope).map((database) => database.target.role)).toEqual(roles)
})

test('the package version is empty where the values have none', () => {
  const version = (over: Record<string, Record<string, unknown>>): string =>
    evaluatorFor('tally', tallyScope(over)).text('package.version', tally.package?.version ?? '')
  expect(version({})).toBe('2026.2.1')
  expect(version({ tallyConfigValues: { customerPackageVersion: null } })).toBe('')
})
