// CARTO Self-Hosted, by its Helm chart (CartoDB/carto-selfhosted-helm, charts up to 1.287.1 of August 2026).
import { textAt, truthy } from '../../core/profile/celtext.ts'
import type { Profile } from '../../core/profile/profile.ts'
import { DATABASES } from './databases.ts'
import { component, configMapOf, FULLNAME, NAMES } from './names.ts'
import { cartoPackages } from './package.ts'
import { TRAPS } from './traps.ts'

/** Components of the charts 1.208 to 1.287 that run pods and take `replicaCount`; a path that a chart does not have changes nothing. */
const COMPONENTS = [
  'accountsApi',
  'accountsSubscriber',
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
  'publicEventsApi',
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
  fullname: FULLNAME,
  names: NAMES,
  package: { version: textAt('values.cartoConfigValues.customerPackageVersion'), minVersionAnnotation: 'minVersion' },
  packages: cartoPackages,
  runningVersion: { configMap: configMapOf('workspaceApi', 'workspace-api'), key: 'CARTO_SELFHOSTED_VERSION' },
  databases: DATABASES,
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
    { name: 'AI', when: truthy('values.appConfigValues.aiFeaturesEnabled') },
    { name: 'disconnected', when: truthy('values.appConfigValues.disconnected.enabled') },
  ],
  traps: TRAPS,
  support: {
    contact: 'enterprise-support@carto.com',
    bundleLabel: 'troubleshoot.sh/kind',
    logs: [
      { deployment: component('workspace-api'), container: 'workspace-migrations' },
      { deployment: component('workspace-api'), container: 'workspace-api' },
    ],
    debug: { path: 'appConfigValues.logLevel', value: 'debug' },
  },
  reminders: [
    'the release notes of the target name the version of the Analytics Toolbox that the data warehouse needs (docs.carto.com, release notes)',
  ],
  needs: {
    kubernetes: { minor: 29, warnMinor: 30 },
    postgresMajor: 14,
    // The vendor's notes on managed servers name it; the migrations create it where they may.
    extensions: { metadata: ['pgcrypto'] },
  },
}
