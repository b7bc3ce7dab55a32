// Tally, the sample product in examples/tally.
import { annotation, bitnamiFullname, chartAtLeast, kubeName, textAt, truthy } from '../../core/profile/celtext.ts'
import type { Profile } from '../../core/profile/profile.ts'
import { bitnamiServer, MAIN_DATABASE, passwordSecret } from '../postgresql.ts'

const fullname = bitnamiFullname()
const server = bitnamiServer(passwordSecret(kubeName("release.name + '-externalpostgresql'")))
const migrations = { table: 'public.migrations', column: 'name' }
const COMPONENTS = ['ledgerApi', 'recorder', 'board', 'gateway', 'assist']

export const tally: Profile = {
  name: 'tally',
  title: 'Tally, a ledger of deliveries',
  chart: 'tally',
  versionScheme: 'calver',
  lifecycle: { supportMonths: 12, warnDays: 60 },
  fullname,
  package: { version: textAt('values.tallyConfigValues.customerPackageVersion'), minVersionAnnotation: 'minVersion' },
  runningVersion: { configMap: `${fullname} + '-ledger-api'`, key: 'TALLY_VERSION' },
  databases: [
    {
      role: 'ledger',
      when: 'true',
      ...server,
      database: MAIN_DATABASE,
      evidence: [
        {
          configMap: `${fullname} + '-ledger-api'`,
          container: { deployment: `${fullname} + '-ledger-api'`, name: 'ledger-api' },
          host: 'LEDGER_POSTGRES_HOST',
          port: 'LEDGER_POSTGRES_PORT',
          database: 'LEDGER_POSTGRES_DB',
          user: 'LEDGER_POSTGRES_USER',
          password: 'LEDGER_POSTGRES_PASSWORD',
          tls: 'LEDGER_POSTGRES_SSL_ENABLED',
          overrides: 'ledgerApi',
        },
      ],
      migrations,
      expected: annotation('tally.example/schema.ledger'),
      migrator: { kind: 'init-container', deployment: `${fullname} + '-ledger-api'`, container: 'ledger-migrations' },
    },
    {
      role: 'assist',
      // Charts before 1.41 know the switch in no template: the assistant came with 2026.1.12.
      when: `${truthy('values.appConfigValues.aiFeaturesEnabled')} && ${chartAtLeast('1.41.0')}`,
      ...server,
      database: textAt('values.externalPostgresql.assistDatabaseName'),
      evidence: [
        {
          configMap: `${fullname} + '-assist'`,
          container: { deployment: `${fullname} + '-assist'`, name: 'assist' },
          host: 'ASSIST_DATABASE_HOST',
          port: 'ASSIST_DATABASE_PORT',
          database: 'ASSIST_DATABASE_NAME',
          user: 'ASSIST_DATABASE_USERNAME',
          password: 'ASSIST_DATABASE_PASSWORD',
          tls: 'ASSIST_DATABASE_SSL_ENABLED',
          overrides: 'assist',
        },
      ],
      migrations,
      expected: annotation('tally.example/schema.assist'),
      migrator: { kind: 'deployment', deployment: `${fullname} + '-assist'` },
    },
  ],
  quiescedValues: [
    ...COMPONENTS.map((component) => ({ path: `${component}.replicaCount`, value: 0 })),
    { path: 'board.autoscaling.enabled', value: false },
  ],
  immutableValues: ['tallySecrets.encryptionKey', 'tallyConfigValues.selfHostedTenantId'],
  features: [{ name: 'assistant', when: truthy('values.appConfigValues.aiFeaturesEnabled') }],
  needs: { kubernetes: { minor: 29, warnMinor: 30 }, postgresMajor: 14 },
}
