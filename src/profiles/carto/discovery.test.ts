// Which databases an installation of CARTO has, for combinations of live values; each held against what the chart makes of them.
import { describe, expect, test } from 'vitest'
import { databasesOf } from '../../core/profile/databases.ts'
import { isPawlError } from '../../core/errors.ts'
import { liveDatabaseOf } from '../../core/profile/truth.ts'
import type { LiveDatabase } from '../../core/profile/truth.ts'
import type { JsonRecord } from '../../core/json.ts'
import { secret } from '../../core/secret.ts'
import { DISCOVERY_ROWS, EVIDENCE_ROWS } from './discovery.rows.fixture.ts'
import type { Cluster, Spoil } from './discovery.rows.fixture.ts'
import { carto } from './profile.ts'
import { rendered } from './rendered.fixture.ts'
import type { Rendered } from './rendered.fixture.ts'
import { cartoScope } from './scope.fixture.ts'

/** `role user@host:port/database secret#key`, and `tls` where the connection is encrypted. */
function line({ target }: LiveDatabase): string {
  const { role, host, port, database, login, tls } = target
  const password = login.password === undefined ? 'no password' : `${login.password.secret}#${login.password.key}`
  return `${role} ${login.user}@${host}:${port}/${database} ${password}${tls === 'require' ? ' tls' : ''}`
}

function discover(
  chart: string,
  values: JsonRecord,
  cluster: Cluster,
  spoil?: Spoil,
  release?: string,
): LiveDatabase[] {
  const scope = cartoScope(chart, values, release)
  const made: Rendered = rendered(scope)
  spoil?.(made)
  const configMaps = { ...made.configMaps, ...cluster.configMaps }
  const secrets = Object.fromEntries(
    Object.entries(cluster.secrets ?? {}).map(([name, data]) => [
      name,
      Object.fromEntries(Object.entries(data).map(([key, value]) => [key, secret(value)])),
    ]),
  )
  return databasesOf(carto, scope).map((database) =>
    liveDatabaseOf(database, made.containers, { configMaps, secrets: { ...passwords(made), ...secrets } }),
  )
}

/** Every Secret that a container takes a password from is there. */
function passwords({ containers }: Rendered): Record<string, Record<string, ReturnType<typeof secret>>> {
  const found: Record<string, Record<string, ReturnType<typeof secret>>> = {}
  for (const { spec } of containers) {
    for (const entry of spec['env'] as JsonRecord[]) {
      const ref = (entry['valueFrom'] as JsonRecord | undefined)?.['secretKeyRef'] as Record<string, string> | undefined
      if (ref !== undefined) (found[ref['name'] ?? ''] ??= {})[ref['key'] ?? ''] = secret('canary-9c41')
    }
  }
  return found
}

function verdict(databases: readonly LiveDatabase[]): string[] {
  expect(JSON.stringify(databases)).not.toMatch(/canary/)
  return databases.map((database) => {
    if (database.differences.length > 0) return `${database.role} differs`
    return database.unknown === undefined ? line(database) : `${database.role} unknown`
  })
}

describe('values alone decide', () => {
  test.each(DISCOVERY_ROWS)('%s, chart %s', (_, chart, values, expected, { cluster = {}, release } = {}) => {
    expect(verdict(discover(chart, values, cluster, undefined, release))).toEqual(expected)
  })
})

describe('the live release is held against them', () => {
  test.each(EVIDENCE_ROWS)('%s', (_, chart, values, expected, { cluster = {}, spoil } = {}) => {
    expect(verdict(discover(chart, values, cluster, spoil))).toEqual(expected)
  })
})

test('there are at least 40 combinations of values, and 15 of evidence', () => {
  expect(DISCOVERY_ROWS.length).toBeGreaterThanOrEqual(40)
  expect(EVIDENCE_ROWS.length).toBeGreaterThanOrEqual(15)
  const titles = [...DISCOVERY_ROWS, ...EVIDENCE_ROWS].map(([title, chart]) => `${title} ${chart}`)
  expect(new Set(titles).size).toBe(titles.length)
})

test.each([
  ['no host', { externalPostgresql: { host: '' } }, 'databases.metadata.host'],
  ['no user', { externalPostgresql: { user: '' } }, 'databases.metadata.user'],
  ['no database', { externalPostgresql: { database: '' } }, 'databases.metadata.database'],
  ['a database that was taken out', { externalPostgresql: { database: null } }, 'databases.metadata.database'],
  ['a port that is none', { externalPostgresql: { port: 'pg' } }, 'databases.metadata.port'],
  ['no port', { externalPostgresql: { port: '' } }, 'databases.metadata.port'],
])('%s is unknown, never a default', (_, values, field) => {
  const scope = cartoScope('1.280.1', { internalPostgresql: { enabled: false }, ...values })
  let found: unknown
  try {
    databasesOf(carto, scope)
  } catch (error) {
    found = isPawlError(error) ? [error.code, error.facts['field']] : error
  }
  expect(found).toEqual(['unknown-state', field])
})

test('a switch that is text stops the chart, and is true for the rules', () => {
  const scope = cartoScope('1.280.1', { internalPostgresql: { enabled: 'false' } })
  expect(() => rendered(scope)).toThrow('ternary')
  expect(databasesOf(carto, scope)[0]?.target.host).toBe('mycarto-postgresql')
})
