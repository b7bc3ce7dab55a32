// CARTO's databases: metadata always, aiproxy with AI, accounts where it runs disconnected. All on one server, with one login.
import { all, annotation, chartAtLeast, choose, not, orElse, textAt, truthy } from '../../core/profile/celtext.ts'
import type { Cel, DatabaseRule, EvidenceRule } from '../../core/profile/profile.ts'
import { bitnamiServer, EXTERNAL, INTERNAL, MAIN_DATABASE, passwordSecret } from '../postgresql.ts'
import { component, configMapOf, EXTERNAL_POSTGRESQL } from './names.ts'

/**
 * With AWS pod identity the product logs in with a token of a few minutes: what the Secret holds is no password. The key
 * came with chart 1.144.5; a chart of before does not read it.
 */
const POD_IDENTITY = all(not(INTERNAL), chartAtLeast('1.144.5'), truthy(`${EXTERNAL}.awsEksPodIdentityEnabled`))

const SECRET_NAME = passwordSecret(EXTERNAL_POSTGRESQL)
const server = { ...bitnamiServer(SECRET_NAME), passwordSecret: choose(POD_IDENTITY, "''", SECRET_NAME) }
/** Whoever refers to it can write, also where there is no password in it. */
const otherCredentials = [SECRET_NAME]

const WITH_ROUTER_ALONE = truthy('values.cartoConfigValues.onlyRunRouter')

/** Set in the ConfigMap of every component that reaches the database, always by the same names. */
const metadata: DatabaseRule = {
  role: 'metadata',
  when: 'true',
  ...server,
  database: MAIN_DATABASE,
  otherCredentials,
  evidence: [
    {
      configMap: configMapOf('workspaceApi', 'workspace-api'),
      container: { deployment: component('workspace-api'), name: 'workspace-api' },
      host: 'WORKSPACE_POSTGRES_HOST',
      port: 'WORKSPACE_POSTGRES_PORT',
      database: 'WORKSPACE_POSTGRES_DB',
      user: 'WORKSPACE_POSTGRES_USER',
      password: 'WORKSPACE_POSTGRES_PASSWORD',
      tls: 'WORKSPACE_POSTGRES_SSL_ENABLED',
      overrides: 'workspaceApi',
    },
  ],
  // The image is closed. Its accounts database is migrated with db-migrate, whose table this is; where it is missing, that is told.
  migrations: { table: 'public.migrations', column: 'name' },
  expected: annotation('pawl.dev/schema.metadata'),
  migrator: { kind: 'init-container', deployment: component('workspace-api'), container: 'workspace-migrations' },
}

/** Renamed in chart 1.225.1, without moving values or data: before, the section, the key and the database were `llmproxy`. */
const RENAMED = chartAtLeast('1.225.1')
/** The variables got a prefix in chart 1.230.1. */
const PREFIXED = chartAtLeast('1.230.1')

function aiEvidence(when: Cel, name: string, section: string, prefix: string): EvidenceRule {
  return {
    when,
    configMap: configMapOf(section, name),
    container: { deployment: component(name), name },
    host: `${prefix}_HOST`,
    port: `${prefix}_PORT`,
    database: `${prefix}_NAME`,
    user: `${prefix}_USERNAME`,
    password: `${prefix}_PASSWORD`,
    tls: `${prefix}_SSL_MODE`,
    overrides: section,
  }
}

const aiproxy: DatabaseRule = {
  role: 'aiproxy',
  // No chart before 1.207.2 has it.
  when: all(truthy('values.appConfigValues.aiFeaturesEnabled'), not(WITH_ROUTER_ALONE), chartAtLeast('1.207.2')),
  ...server,
  // Read from externalPostgresql even where the chart's own server is used.
  database: choose(RENAMED, textAt(`${EXTERNAL}.aiProxyDatabaseName`), textAt(`${EXTERNAL}.llmProxyDatabaseName`)),
  otherCredentials,
  evidence: [
    aiEvidence(PREFIXED, 'aiproxy', 'aiProxy', 'LITELLM_DATABASE'),
    aiEvidence(RENAMED, 'aiproxy', 'aiProxy', 'DATABASE'),
    aiEvidence('true', 'llmproxy', 'llmProxy', 'DATABASE'),
  ],
  // LiteLLM migrates with Prisma when its container starts.
  migrations: { table: 'public._prisma_migrations', column: 'migration_name' },
  expected: annotation('pawl.dev/schema.aiproxy'),
  migrator: { kind: 'deployment', deployment: choose(RENAMED, component('aiproxy'), component('llmproxy')) },
}

/** The auth-api may log in as a role of its own: another Secret, or another key, that can write. */
const authApiSecret = choose(
  all(truthy(`${EXTERNAL}.existingSecret`), truthy(`${EXTERNAL}.existingSecretAuthApiPasswordKey`)),
  textAt(`${EXTERNAL}.existingSecret`),
  choose(truthy(`${EXTERNAL}.authApiPassword`), orElse('values.authApi.existingSecret', component('auth-api')), "''"),
)

/** Only where CARTO runs disconnected; the vendor's list of backups does not name it. */
const accounts: DatabaseRule = {
  role: 'accounts',
  when: all(truthy('values.appConfigValues.disconnected.enabled'), not(WITH_ROUTER_ALONE), chartAtLeast('1.284.1')),
  ...server,
  database: textAt(`${EXTERNAL}.accountsDatabaseName`),
  otherCredentials: [SECRET_NAME, authApiSecret],
  evidence: [
    {
      configMap: configMapOf('accountsApi', 'accounts-api'),
      container: { deployment: component('accounts-api'), name: 'accounts-api' },
      host: 'ACCOUNTS_POSTGRES_HOST',
      port: 'ACCOUNTS_POSTGRES_PORT',
      database: 'ACCOUNTS_POSTGRES_DB',
      user: 'ACCOUNTS_POSTGRES_USER',
      password: 'ACCOUNTS_POSTGRES_PASSWORD',
      tls: 'ACCOUNTS_POSTGRES_SSL_ENABLED',
      overrides: 'accountsApi',
    },
  ],
  migrations: { table: 'public.migrations', column: 'name' },
  expected: annotation('pawl.dev/schema.accounts'),
  migrator: { kind: 'init-container', deployment: component('accounts-api'), container: 'accounts-migrations' },
}

export const DATABASES: DatabaseRule[] = [metadata, aiproxy, accounts]
