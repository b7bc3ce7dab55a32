// CARTO Self-Hosted, by its Helm chart (CartoDB/carto-selfhosted-helm, charts up to 1.287.1 of August 2026).
import {
  annotation,
  bitnamiFullname,
  chartAtLeast,
  choose,
  orElse,
  textAt,
  truthy,
} from '../../core/profile/celtext.ts'
import type { DatabaseRule, EvidenceRule, Profile } from '../../core/profile/profile.ts'
import { bitnamiServer, mainDatabase } from '../postgresql.ts'
import { cartoPackages } from './package.ts'

const fullname = bitnamiFullname()
const server = bitnamiServer('workspace_admin')
const EXTERNAL = 'values.externalPostgresql'

function configMap(component: string): string {
  return `${fullname} + '-${component}'`
}

const metadata: DatabaseRule = {
  role: 'metadata',
  when: 'true',
  ...server,
  database: mainDatabase('workspace'),
  evidence: [
    {
      configMap: configMap('workspace-api'),
      host: 'WORKSPACE_POSTGRES_HOST',
      port: 'WORKSPACE_POSTGRES_PORT',
      database: 'WORKSPACE_POSTGRES_DB',
      user: 'WORKSPACE_POSTGRES_USER',
    },
  ],
  // The image is closed. Its accounts database is migrated with db-migrate, whose table this is; where it is missing, that is told.
  migrations: { table: 'public.migrations', column: 'name' },
  expected: annotation('pawl.dev/schema.metadata'),
  migrator: { kind: 'init-container', deployment: configMap('workspace-api'), container: 'workspace-migrations' },
}

function aiEvidence(component: string, prefix: string): EvidenceRule {
  return {
    configMap: configMap(component),
    host: `${prefix}_HOST`,
    port: `${prefix}_PORT`,
    database: `${prefix}_NAME`,
    user: `${prefix}_USERNAME`,
  }
}

/** Renamed in chart 1.225.1, without moving values or data: before, the section, the key and the database were `llmproxy`. */
const RENAMED = chartAtLeast(1, 225)

const AI_ON = truthy('values.appConfigValues.aiFeaturesEnabled')
const DISCONNECTED = truthy('values.appConfigValues.disconnected.enabled')

const aiproxy: DatabaseRule = {
  role: 'aiproxy',
  // No chart before 1.207.2 has it.
  when: `${AI_ON} && !${truthy('values.cartoConfigValues.onlyRunRouter')} && ${chartAtLeast(1, 207)}`,
  ...server,
  database: choose(
    RENAMED,
    orElse(`${EXTERNAL}.aiProxyDatabaseName`, "'aiproxy'"),
    orElse(`${EXTERNAL}.llmProxyDatabaseName`, "'llmproxy'"),
  ),
  evidence: [
    aiEvidence('aiproxy', 'LITELLM_DATABASE'),
    aiEvidence('aiproxy', 'DATABASE'),
    aiEvidence('llmproxy', 'DATABASE'),
  ],
  // LiteLLM migrates with Prisma when its container starts.
  migrations: { table: 'public._prisma_migrations', column: 'migration_name' },
  expected: annotation('pawl.dev/schema.aiproxy'),
  migrator: { kind: 'deployment', deployment: choose(RENAMED, configMap('aiproxy'), configMap('llmproxy')) },
}

/** Only where CARTO runs disconnected; the vendor's list of backups does not name it. */
const accounts: DatabaseRule = {
  role: 'accounts',
  when: `${DISCONNECTED} && ${chartAtLeast(1, 284)}`,
  ...server,
  database: orElse(`${EXTERNAL}.accountsDatabaseName`, "'accounts'"),
  migrations: { table: 'public.migrations', column: 'name' },
  expected: annotation('pawl.dev/schema.accounts'),
  migrator: { kind: 'init-container', deployment: configMap('accounts-api'), container: 'accounts-migrations' },
}

/** Components of the charts 1.208 to 1.287 that run pods and take `replicaCount`; a path that a chart does not have changes nothing. */
const COMPONENTS = [
  'accountsApi',
  'accountsWww',
  'aiApi',
  'aiProxy',
  'authApi',
  'cdnInvalidatorSub',
  'gateway',
  'httpCache',
  'importApi',
  'importWorker',
  'ldsApi',
  'llmProxy',
  'mapsApi',
  'notifier',
  'router',
  'sqlWorker',
  'workspaceApi',
  'workspaceSubscriber',
  'workspaceWww',
]

export const carto: Profile = {
  name: 'carto',
  title: 'CARTO Self-Hosted',
  chart: 'carto',
  versionScheme: 'calver',
  // Releases of the past twelve months are supported; which date counts is not said, so the earlier one does: the version's own.
  lifecycle: { supportMonths: 12, warnDays: 60 },
  fullname,
  package: { version: textAt('values.cartoConfigValues.customerPackageVersion'), minVersionAnnotation: 'minVersion' },
  packages: cartoPackages,
  runningVersion: { configMap: configMap('workspace-api'), key: 'CARTO_SELFHOSTED_VERSION' },
  databases: [metadata, aiproxy, accounts],
  quiescedValues: COMPONENTS.flatMap((component) => [
    { path: `${component}.replicaCount`, value: 0 },
    { path: `${component}.autoscaling.enabled`, value: false },
  ]),
  // The first two decrypt what the databases hold; the tenant is who the installation is.
  immutableValues: [
    'cartoSecrets.encryptionSecretKey',
    'cartoSecrets.litellmSaltKey',
    'cartoConfigValues.selfHostedTenantId',
  ],
  features: [
    { name: 'AI', when: AI_ON },
    { name: 'disconnected', when: DISCONNECTED },
  ],
  support: { contact: 'enterprise-support@carto.com' },
  needs: { kubernetes: { minor: 29, warnMinor: 30 }, postgresMajor: 14 },
}
