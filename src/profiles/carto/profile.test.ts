import { expect, test } from 'vitest'
import { evaluatorFor } from '../../core/profile/cel.ts'
import { databasesOf } from '../../core/profile/databases.ts'
import { holdsCredentials } from '../../core/rendered/writers.ts'
import { carto } from './profile.ts'
import { cartoScope } from './scope.fixture.ts'

function text(expression: string | undefined, ...scope: Parameters<typeof cartoScope>): string {
  return evaluatorFor('carto', cartoScope(...scope)).text('x', expression ?? '')
}

test.each([
  ['mycarto', {}, 'mycarto'],
  ['prod', {}, 'prod-carto'],
  ['prod', { nameOverride: 'maps' }, 'prod-maps'],
  ['maps-1', { nameOverride: 'maps' }, 'maps-1'],
  ['prod', { fullnameOverride: 'gis' }, 'gis'],
])('release %s with %o is called %s', (release, config, name) => {
  expect(text(carto.fullname, '1.280.1', config, release)).toBe(name)
})

test.each([
  ['postgresql', '1.280.1', 'prod-postgresql'],
  ['cache', '1.280.1', 'prod-valkey'],
  ['cache', '1.251.6-beta', 'prod-valkey'],
  ['cache', '1.241.1', 'prod-redis'],
  ['externalPostgresql', '1.280.1', 'prod-externalpostgresql'],
  ['externalCache', '1.280.1', 'prod-externalredis'],
  ['versionHook', '1.280.1', 'prod-pre-install'],
  ['preflightConfig', '1.280.1', 'prod-preflight-config'],
  ['supportBundle', '1.280.1', 'prod-support-bundle'],
  ['trustedCaCerts', '1.280.1', 'prod-trusted-ca-certs'],
  ['tls', '1.280.1', 'prod-carto-tls'],
])('%s of chart %s is called %s: dependencies have a rule of their own', (what, chart, name) => {
  expect(text(carto.names?.[what], chart, {}, 'prod')).toBe(name)
})

test.each([
  ['1.208.2', 'mycarto-llmproxy', 'llmproxy', 'DATABASE_NAME'],
  ['1.228.1', 'mycarto-aiproxy', 'aiproxy', 'DATABASE_NAME'],
  ['1.230.1', 'mycarto-aiproxy', 'aiproxy', 'LITELLM_DATABASE_NAME'],
])('chart %s: who migrates the AI database, and who says where it is', (chart, deployment, container, variable) => {
  const found = databasesOf(carto, cartoScope(chart, { appConfigValues: { aiFeaturesEnabled: true } }))[1]
  expect(found?.migrator).toEqual({ kind: 'deployment', deployment })
  expect(found?.evidence).toMatchObject({ deployment, container, configMap: deployment, database: variable })
})

test('metadata is migrated by an init container, accounts by another', () => {
  const scope = cartoScope('1.284.1', { appConfigValues: { disconnected: { enabled: true } } }, 'prod')
  expect(databasesOf(carto, scope).map(({ migrator }) => migrator)).toEqual([
    { kind: 'init-container', deployment: 'prod-carto-workspace-api', container: 'workspace-migrations' },
    { kind: 'init-container', deployment: 'prod-carto-accounts-api', container: 'accounts-migrations' },
  ])
})

test("a component's name is cut where a name must not be longer", () => {
  const scope = cartoScope('1.280.1', {}, `${'r'.repeat(47)}-carto`)
  expect(databasesOf(carto, scope)[0]?.migrator.deployment).toBe(`${'r'.repeat(47)}-carto-workspace`)
})

const external = { internalPostgresql: { enabled: false } }

test.each([
  ['by the administrator of the chart', {}, { user: 'postgres', database: 'postgres', key: 'postgres-password' }],
  ['by nobody, where none is named', external, undefined],
  [
    'by the one that is named',
    { ...external, externalPostgresql: { adminUser: 'root', adminDatabase: 'admin' } },
    { user: 'root', database: 'admin', key: 'db-admin-password' },
  ],
  [
    'with an own key, which needs an own Secret',
    {
      ...external,
      externalPostgresql: { adminUser: 'root', existingSecret: 's', existingSecretAdminPasswordKey: 'admin' },
    },
    { user: 'root', database: 'postgres', key: 'admin' },
  ],
  [
    'with an own key alone',
    { ...external, externalPostgresql: { adminUser: 'root', existingSecretAdminPasswordKey: 'admin' } },
    { user: 'root', database: 'postgres', key: 'db-admin-password' },
  ],
])('the server is administered %s', (_, config, expected) => {
  const admin = databasesOf(carto, cartoScope('1.280.1', config))[0]?.target.admin
  const found = admin && { user: admin.user, database: admin.database, key: admin.password?.key }
  expect(found).toEqual(expected)
})

test.each([
  ['the password itself', {}, 'mycarto-externalpostgresql', true],
  ['a Secret without a password in it', { awsEksPodIdentityEnabled: true }, 'mycarto-externalpostgresql', true],
  ['the login of the auth-api', { authApiUser: 'a', authApiPassword: 'x' }, 'mycarto-auth-api', true],
  ['another Secret of the auth-api', {}, 'mycarto-auth-api', false],
  ['a Secret of the vendor', {}, 'carto-secrets', false],
])('who refers to %s: can write?', (_, externalPostgresql, name, writes) => {
  const config = { ...external, externalPostgresql, appConfigValues: { disconnected: { enabled: true } } }
  const databases = databasesOf(carto, cartoScope('1.284.1', config))
  const env = [{ name: 'X', valueFrom: { secretKeyRef: { name, key: 'k' } } }]
  const deployment = { kind: 'Deployment', spec: { template: { spec: { containers: [{ env }] } } } }
  expect(holdsCredentials(deployment, databases)).toBe(writes)
})

test('a ConfigMap of the user takes the place of the one that says which version runs', () => {
  expect(text(carto.runningVersion?.configMap, '1.280.1', {}, 'prod')).toBe('prod-carto-workspace-api')
  expect(text(carto.runningVersion?.configMap, '1.280.1', { workspaceApi: { existingConfigMap: 'mine' } })).toBe('mine')
})

test('what decrypts the data, and who the installation is, may not change', () => {
  expect(carto.immutableValues).toEqual([
    'cartoSecrets.encryptionSecretKey',
    'cartoSecrets.litellmSaltKey',
    'cartoConfigValues.selfHostedTenantId',
  ])
})

test('before the migrations run alone, every component that can write stands still', () => {
  const paths = carto.quiescedValues.map(({ path }) => path)
  const writers = ['workspaceApi', 'mapsApi', 'sqlWorker', 'importWorker', 'workspaceSubscriber', 'aiProxy', 'llmProxy']
  for (const section of [...writers, 'accountsApi', 'accountsSubscriber', 'authApi', 'publicEventsApi'])
    expect(paths).toContain(`${section}.replicaCount`)
})
