import { expect, test } from 'vitest'
import { databasesOf } from '../../core/profile/databases.ts'
import type { CelScope } from '../../core/profile/cel.ts'
import type { JsonRecord } from '../../core/json.ts'
import { carto } from './profile.ts'

/** The parts of the chart's defaults that decide about databases. */
function scope(chartVersion: string, app: JsonRecord, external: JsonRecord, config: JsonRecord = {}): CelScope {
  return {
    release: { name: 'mycarto', namespace: 'carto' },
    values: {
      appConfigValues: { aiFeaturesEnabled: false, ...app },
      cartoConfigValues: { onlyRunRouter: false, ...config },
      internalPostgresql: { enabled: false, auth: { username: 'workspace_admin', database: 'workspace' } },
      externalPostgresql: {
        host: 'pg.internal',
        port: 5432,
        user: 'workspace_admin',
        database: 'carto_workspace',
        ...external,
      },
    },
    chart: { name: 'carto', version: chartVersion, appVersion: '2025.11.11', annotations: {} },
  }
}

function names(
  chart: string,
  app: JsonRecord,
  external: JsonRecord = {},
  config: JsonRecord = {},
): Record<string, string> {
  const found = databasesOf(carto, scope(chart, app, external, config))
  return Object.fromEntries(found.map(({ target }) => [target.role, target.database]))
}

test('metadata is a role: its database is called what the values say', () => {
  expect(names('1.228.1', {})).toEqual({ metadata: 'carto_workspace' })
})

test.each([
  ['1.206.1', {}, undefined],
  ['1.208.2', {}, 'llmproxy'],
  ['1.223.2', { llmProxyDatabaseName: 'llm', aiProxyDatabaseName: 'ignored' }, 'llm'],
  ['1.225.1', {}, 'aiproxy'],
  ['1.280.1', { aiProxyDatabaseName: 'llmproxy' }, 'llmproxy'],
  ['1.228.1', { llmProxyDatabaseName: 'llm' }, 'aiproxy'],
])('with AI on, chart %s and %o use database %s for aiproxy', (chart, external, database) => {
  expect(names(chart, { aiFeaturesEnabled: true }, external)['aiproxy']).toBe(database)
})

test('a router alone has no aiproxy', () => {
  expect(names('1.228.1', { aiFeaturesEnabled: true }, {}, { onlyRunRouter: true })).toEqual({
    metadata: 'carto_workspace',
  })
})

test('a disconnected installation has the accounts database as well', () => {
  expect(names('1.284.1', { disconnected: { enabled: true } })).toEqual({
    metadata: 'carto_workspace',
    accounts: 'accounts',
  })
})

test('all of them share server, login and TLS', () => {
  const found = databasesOf(carto, scope('1.228.1', { aiFeaturesEnabled: true }, { sslEnabled: true }))
  expect(found.map(({ target }) => [target.host, target.port, target.login.user, target.tls])).toEqual([
    ['pg.internal', 5432, 'workspace_admin', 'require'],
    ['pg.internal', 5432, 'workspace_admin', 'require'],
  ])
  expect(found[0]?.evidence[0]?.configMap).toBe('mycarto-workspace-api')
  expect(found[1]?.migrator).toEqual({ kind: 'deployment', deployment: 'mycarto-aiproxy' })
})
