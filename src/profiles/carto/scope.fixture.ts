// Recorded values: the keys of CARTO's chart that decide about databases and traps, with their defaults, by chart generation.
import type { CelScope } from '../../core/profile/cel.ts'
import type { JsonRecord } from '../../core/json.ts'
import { coalesceValues } from '../../core/profile/values.ts'

const NO_SECRET = { value: '', existingSecret: { name: '', key: '' } }
const COMPONENT = {
  existingConfigMap: '',
  existingSecret: '',
  extraEnvVars: [],
  extraEnvVarsCM: '',
  extraEnvVarsSecret: '',
}

/** Every generation has these. */
const COMMON: JsonRecord = {
  nameOverride: '',
  fullnameOverride: '',
  appConfigValues: { selfHostedDomain: 'maps.example', logLevel: 'info' },
  cartoConfigValues: {
    customerPackageVersion: '2026.4.2',
    selfHostedTenantId: 'onp-7f3a',
    launchDarklyClientSideId: '',
    onlyRunRouter: false,
  },
  cartoSecrets: { encryptionSecretKey: NO_SECRET, jwtApiSecret: NO_SECRET },
  diagnosticMode: { enabled: false },
  tlsCerts: { httpsEnabled: true, autoGenerate: true, existingSecret: { name: '' } },
  router: { tlsCertificates: { certificateValueBase64: '' } },
  upgradeCheck: { enabled: true },
  workspaceApi: COMPONENT,
  workspaceMigrations: { command: [], args: [] },
  mapsApi: COMPONENT,
  internalRedis: { enabled: true, nameOverride: 'redis' },
  externalRedis: { host: 'localhost', port: 6379, existingSecret: '' },
  internalPostgresql: {
    enabled: true,
    sslEnabled: false,
    nameOverride: 'postgresql',
    auth: { username: 'workspace_admin', password: '', database: 'workspace', existingSecret: '' },
  },
  externalPostgresql: {
    host: 'localhost',
    port: 5432,
    user: 'workspace_admin',
    internalUser: '',
    password: '',
    adminUser: '',
    adminDatabase: '',
    adminPassword: '',
    existingSecret: '',
    existingSecretPasswordKey: '',
    existingSecretAdminPasswordKey: '',
    database: 'workspace',
    sslEnabled: false,
    sslCA: '',
  },
}

const AI: JsonRecord = { appConfigValues: { aiFeaturesEnabled: false }, cartoSecrets: { litellmSaltKey: NO_SECRET } }

/** What each generation added or renamed, newest first; a generation has what those before it have, unless it says null. */
const GENERATIONS: [from: number, added: JsonRecord][] = [
  [
    284,
    {
      appConfigValues: { disconnected: { enabled: false } },
      externalPostgresql: {
        accountsDatabaseName: 'accounts',
        authApiUser: '',
        authApiPassword: '',
        existingSecretAuthApiPasswordKey: '',
      },
      accountsApi: COMPONENT,
      authApi: COMPONENT,
    },
  ],
  [251, { internalRedis: { nameOverride: 'valkey' } }],
  [
    225,
    {
      llmProxy: null,
      aiProxy: COMPONENT,
      externalPostgresql: { llmProxyDatabaseName: null, aiProxyDatabaseName: 'aiproxy' },
    },
  ],
  [207, { ...AI, llmProxy: COMPONENT, externalPostgresql: { llmProxyDatabaseName: 'llmproxy' } }],
  [144, { externalPostgresql: { awsEksPodIdentityEnabled: false, awsRdsRegion: '' } }],
]

function defaultsOf(chartVersion: string): JsonRecord {
  const minor = Number(chartVersion.split('.')[1])
  return GENERATIONS.filter(([from]) => minor >= from)
    .toReversed()
    .reduce((values, [, added]) => coalesceValues(values, added), COMMON)
}

/** What the profile sees of a release of CARTO: the defaults of its chart with the user's values on top. */
export function cartoScope(chartVersion: string, config: JsonRecord = {}, release = 'mycarto'): CelScope {
  return {
    release: { name: release, namespace: 'carto' },
    values: coalesceValues(defaultsOf(chartVersion), config),
    chart: { name: 'carto', version: chartVersion, appVersion: '2026.7.16', annotations: {} },
  }
}
