// What is known to go wrong between CARTO's releases. Charts by their numbers; seen on a real cluster where the comment says so.
import { all, not, orElse, present, textAt, truthy } from '../../core/profile/celtext.ts'
import type { Cel } from '../../core/profile/profile.ts'
import type { TrapRule } from '../../core/profile/traps.ts'
import { EXTERNAL, INTERNAL } from '../postgresql.ts'

const BEFORE = 'before.values'
const INTERNAL_BEFORE = truthy(`${BEFORE}.internalPostgresql.enabled`)
const AI = truthy('values.appConfigValues.aiFeaturesEnabled')
const AI_BEFORE = truthy(`${BEFORE}.appConfigValues.aiFeaturesEnabled`)

/** CEL bool: is there a text where only true or false makes sense? `"false"` is true for a template's `if`. */
function isText(path: string): Cel {
  return all(present(path), `type(at(${split(path)})) == string`)
}

function split(path: string): string {
  const [root = path, ...keys] = path.split('.')
  return `${root}, '${keys.join('.')}'`
}

const database: TrapRule[] = [
  {
    name: 'values-file-missing',
    when: all(not(INTERNAL_BEFORE), INTERNAL),
    weight: 'mandatory',
    says: 'the installed release uses your own PostgreSQL, with these values the chart would start an empty one of its own: internalPostgresql.enabled is true, which is also its default',
    remedy:
      'A values file is missing, most likely your customizations: give all of them with -f, in the usual order (values, secrets, customizations).',
  },
  {
    // Run on a real cluster, 1.208.2 to 1.228.1: every pod gets ready, nothing warns, all AI rows stay behind.
    name: 'aiproxy-renamed',
    charts: { crossing: '1.225.1' },
    when: all(
      AI,
      AI_BEFORE,
      `${orElse(`${BEFORE}.externalPostgresql.llmProxyDatabaseName`, "'llmproxy'")} != ${textAt(`${EXTERNAL}.aiProxyDatabaseName`)}`,
    ),
    weight: 'mandatory',
    says: 'this chart calls the AI database by another name and moves neither values nor rows: the AI features would come up on an empty one',
    remedy:
      'Set externalPostgresql.aiProxyDatabaseName to the name in use now (llmproxy, unless externalPostgresql.llmProxyDatabaseName says another); charts before 1.225.1 ignore that key, so it can be set beforehand.',
  },
  {
    name: 'llmproxy-values-ignored',
    charts: { from: '1.225.1' },
    when: all(AI, `(${truthy('values.llmProxy')} || ${truthy(`${EXTERNAL}.llmProxyDatabaseName`)})`),
    weight: 'acceptable',
    says: 'values below llmProxy, or externalPostgresql.llmProxyDatabaseName, are set: since chart 1.225.1 nothing reads them',
    remedy: 'Move them to aiProxy and externalPostgresql.aiProxyDatabaseName, or take them out.',
  },
  {
    name: 'ai-on-bundled-database',
    when: all(AI, INTERNAL),
    weight: 'acceptable',
    says: 'AI features are on with the PostgreSQL that the chart brings; the vendor supports them with your own server only',
    remedy: 'Use an external PostgreSQL, or switch appConfigValues.aiFeaturesEnabled off.',
  },
  {
    name: 'password-not-url-safe',
    when: all(AI, "!live.passwordUrlSafe['metadata']"),
    weight: 'acceptable',
    says: 'the password of the database has characters that mean something in a URL, and the AI proxy builds a URL of it',
    remedy: 'Give the database user a password of letters and digits, without @ # % / : ? and the like.',
  },
  {
    name: 'salt-key-new',
    when: all(AI_BEFORE, not(secretSet(BEFORE, 'litellmSaltKey')), secretSet('values', 'litellmSaltKey')),
    weight: 'mandatory',
    says: 'AI credentials were stored without cartoSecrets.litellmSaltKey, the new values bring one: they could not be read any more',
    remedy: 'Leave the key out as before, or ask the vendor how to re-encrypt what is stored.',
  },
  {
    name: 'aws-pod-identity',
    when: all(not(INTERNAL_BEFORE), truthy(`${BEFORE}.externalPostgresql.awsEksPodIdentityEnabled`)),
    weight: 'mandatory',
    says: 'the product logs in to PostgreSQL with AWS pod identity: there is no password that a backup could use',
    remedy:
      'Give the installation a login with a password for the time of the upgrade (externalPostgresql.awsEksPodIdentityEnabled off, user and password or existingSecret set), then plan again.',
  },
  {
    name: 'bundled-database',
    when: INTERNAL,
    weight: 'warn',
    says: 'the PostgreSQL that the chart brings is deprecated; its image may not be there to pull any more once its pod moves, and its data lies in one volume only',
    remedy: 'Plan the move to an external PostgreSQL 14 or newer.',
  },
  {
    name: 'database-switch-is-text',
    when: isText('values.internalPostgresql.enabled'),
    weight: 'mandatory',
    says: 'internalPostgresql.enabled is a text, not true or false: even "false" counts as true in some templates, others stop at it',
    remedy: 'Write it without quotes.',
  },
  {
    name: 'tls-switch-is-text',
    when: all(isText(`${EXTERNAL}.sslEnabled`), `${textAt(`${EXTERNAL}.sslEnabled`)} != 'true'`),
    weight: 'mandatory',
    says: 'externalPostgresql.sslEnabled is a text: the migrations would insist on TLS, the application take the text as it stands',
    remedy: 'Write true or false, without quotes.',
  },
  {
    name: 'second-migration-of-accounts',
    charts: { from: '1.284.1' },
    when: truthy('values.appConfigValues.disconnected.enabled'),
    weight: 'warn',
    says: 'besides the accounts-api, the auth-api migrates the accounts database when it starts; the backup covers it, the rehearsal of the first does not',
    remedy: 'Watch the init container internal-auth-migrations of the auth-api during the rollout.',
  },
]

/** CEL bool: is one of `cartoSecrets` set, in either form? */
function secretSet(root: string, name: string): Cel {
  const at = `${root}.cartoSecrets.${name}`
  return `(${truthy(`${at}.value`)} || ${truthy(`${at}.existingSecret.name`)})`
}

const configuration: TrapRule[] = [
  {
    name: 'migration-command-pinned',
    charts: { from: '1.240.2' },
    when: "mentions(at(values, 'workspaceMigrations.command'), '/usr/src/app/') || mentions(at(values, 'workspaceMigrations.args'), '/usr/src/app/')",
    weight: 'mandatory',
    says: 'workspaceMigrations.command or .args call a program below /usr/src/app, which is not there since chart 1.240.2: the migrations would not start',
    remedy: 'Take the override out; the chart calls the right program by itself.',
  },
  {
    name: 'diagnostic-mode',
    when: truthy('values.diagnosticMode.enabled'),
    weight: 'mandatory',
    says: 'diagnosticMode.enabled is on: containers sleep, and no migration runs',
    remedy: 'Switch it off.',
  },
  {
    // Tried on a real cluster: it passes every check of the chart.
    name: 'cache-at-localhost',
    when: all(
      not(truthy('values.internalRedis.enabled')),
      `${textAt('values.externalRedis.host')} in ['', 'localhost', '127.0.0.1']`,
    ),
    weight: 'acceptable',
    says: 'internalRedis.enabled is off and externalRedis.host still points at localhost: every component would look for its cache in its own pod',
    remedy: 'Set externalRedis.host (and port, password, TLS), or leave internalRedis.enabled on.',
  },
  {
    name: 'cache-renamed',
    charts: { crossing: '1.251.6' },
    when: truthy('values.internalRedis.enabled'),
    weight: 'warn',
    says: 'the cache is called valkey from this chart on: Service and Secret RELEASE-redis go, RELEASE-valkey come; what was cached is lost, nothing else',
    remedy: 'Change what outside the release refers to them: network policies, monitoring, alerts.',
  },
  {
    name: 'domain-in-wrong-section',
    when: present('values.cartoConfigValues.selfHostedDomain'),
    weight: 'acceptable',
    says: 'cartoConfigValues.selfHostedDomain is set, which nothing reads; the domain belongs to appConfigValues',
    remedy: 'Move it to appConfigValues.selfHostedDomain.',
  },
  {
    name: 'launchdarkly-in-wrong-section',
    when: present('values.appConfigValues.launchDarklyClientSideId'),
    weight: 'warn',
    says: 'appConfigValues.launchDarklyClientSideId is set, which nothing reads; it belongs to cartoConfigValues',
    remedy: 'Move it to cartoConfigValues.launchDarklyClientSideId.',
  },
  {
    name: 'version-hook-off',
    when: all(present('values.upgradeCheck.enabled'), not(truthy('values.upgradeCheck.enabled'))),
    weight: 'warn',
    says: "upgradeCheck.enabled is off: the chart's own check of the customer package does not run",
    remedy: 'Pawl checks the package all the same; switch it on for upgrades without Pawl.',
  },
  {
    name: 'self-signed-tls',
    when: all(
      truthy('values.tlsCerts.autoGenerate'),
      not(truthy('values.tlsCerts.existingSecret.name')),
      not(truthy('values.router.tlsCertificates.certificateValueBase64')),
    ),
    weight: 'warn',
    says: 'the chart makes a new self-signed certificate at every upgrade; pods go on with the old one until they restart, clients that pinned it break then',
    remedy: 'Bring a certificate of your own (tlsCerts.existingSecret).',
  },
]

export const TRAPS: TrapRule[] = [...database, ...configuration]
