// Values of Tally's chart as Helm coalesces them, for tests: chart 1.52.2 (2026.3.9) with its defaults.
import type { CelScope } from '../../core/profile/cel.ts'
import type { JsonRecord } from '../../core/json.ts'

export const TALLY_DEFAULTS: JsonRecord = {
  nameOverride: '',
  fullnameOverride: '',
  tallyConfigValues: { customerPackageVersion: '2026.2.1', selfHostedTenantId: 'onp-7f3a' },
  tallySecrets: { encryptionKey: { value: 'not-a-real-key', existingSecret: { name: '', key: '' } } },
  appConfigValues: { aiFeaturesEnabled: false, logLevel: 'info' },
  internalPostgresql: {
    enabled: true,
    auth: { username: 'tally_admin', database: 'tally', password: '', postgresPassword: '', existingSecret: '' },
  },
  externalPostgresql: {
    host: 'localhost',
    port: 5432,
    user: 'tally_admin',
    password: '',
    database: 'tally',
    adminUser: '',
    adminDatabase: '',
    adminPassword: '',
    assistDatabaseName: 'assist',
    existingSecret: '',
    existingSecretPasswordKey: '',
    existingSecretAdminPasswordKey: '',
    sslEnabled: false,
    sslCA: '',
  },
}

/** The defaults with whole sections laid over them, key by key. */
export function tallyScope(over: Record<string, JsonRecord> = {}, release = 'prod', chartVersion = '1.52.2'): CelScope {
  const values: JsonRecord = { ...TALLY_DEFAULTS }
  for (const [section, fields] of Object.entries(over)) {
    values[section] = { ...(values[section] as JsonRecord | undefined), ...fields }
  }
  return {
    release: { name: release, namespace: 'ledger' },
    values,
    chart: {
      name: 'tally',
      version: chartVersion,
      appVersion: '2026.3.9',
      annotations: {
        minVersion: '2025.11.3',
        'tally.example/schema.ledger': '20260304100000-priority-rank',
        'tally.example/schema.assist': '20260305100000-answers',
      },
    },
  }
}
