import { expect, test } from 'vitest'
import { findTraps } from '../../core/profile/traps.ts'
import type { JsonRecord } from '../../core/json.ts'
import { carto } from './profile.ts'
import { cartoScope } from './scope.fixture.ts'

interface Crossing {
  from?: string
  to?: string
  before?: JsonRecord
  /** The same as before where absent. */
  after?: JsonRecord
  safe?: boolean | 'unread'
}

/** A quiet upgrade: own PostgreSQL, own certificate, nothing that any trap is about. */
const QUIET: JsonRecord = {
  internalPostgresql: { enabled: false },
  externalPostgresql: { host: 'db' },
  tlsCerts: { autoGenerate: false },
}
const quiet = (over: JsonRecord = {}): JsonRecord => ({ ...QUIET, ...over })
const AI = { appConfigValues: { aiFeaturesEnabled: true } }
const key = (value: string): JsonRecord => ({ cartoSecrets: { litellmSaltKey: { value } } })

/** Names of the traps that are there, `?` where one cannot be told, with their weight. */
function traps({ from = '1.253.2', to = '1.280.1', before = QUIET, after = before, safe = true }: Crossing): string[] {
  const installed = cartoScope(from, before)
  const { findings } = findTraps(carto, {
    ...cartoScope(to, after),
    before: { values: installed.values, chart: installed.chart },
    live: { passwordUrlSafe: safe === 'unread' ? {} : { metadata: safe } },
  })
  return findings.map(({ name, weight, unknown }) => `${name} ${unknown === undefined ? weight : '?'}`)
}

// oxfmt-ignore
test.each<[what: string, crossing: Crossing, expected: string[]]>([
  ['nothing', {}, []],
  ['a file was forgotten', { after: { tlsCerts: { autoGenerate: false } } }, ['values-file-missing mandatory', 'bundled-database warn']],
  ['the bundled server, as before', { before: { tlsCerts: { autoGenerate: false } } }, ['bundled-database warn']],
  ['from the bundled server to an own one', { before: {}, after: QUIET }, []],

  ['AI across the renaming', { from: '1.208.2', to: '1.228.1', before: quiet(AI) }, ['aiproxy-renamed mandatory']],
  ['AI across the renaming, candidates', { from: '1.223.2', to: '1.225.1-beta', before: quiet(AI) }, ['aiproxy-renamed mandatory']],
  ['AI across, the old name kept', { from: '1.208.2', to: '1.228.1', before: quiet({ ...AI, externalPostgresql: { host: 'db', aiProxyDatabaseName: 'llmproxy' } }) }, []],
  ['AI across, an own name kept under the new key', { from: '1.208.2', to: '1.228.1', before: quiet({ ...AI, externalPostgresql: { host: 'db', llmProxyDatabaseName: 'llm' } }), after: quiet({ ...AI, externalPostgresql: { host: 'db', aiProxyDatabaseName: 'llm' } }) }, []],
  ['AI across, an own name under the old key', { from: '1.208.2', to: '1.228.1', before: quiet({ ...AI, externalPostgresql: { host: 'db', llmProxyDatabaseName: 'llm' } }) }, ['aiproxy-renamed mandatory', 'llmproxy-values-ignored acceptable']],
  ['no AI across', { from: '1.208.2', to: '1.228.1' }, []],
  ['AI switched on while crossing', { from: '1.208.2', to: '1.228.1', after: quiet(AI) }, []],
  ['AI, both sides old', { from: '1.207.2', to: '1.223.2', before: quiet(AI) }, []],
  ['AI, both sides new', { before: quiet(AI) }, []],
  ['resources below llmProxy', { from: '1.208.2', to: '1.228.1', before: quiet({ ...AI, externalPostgresql: { host: 'db', aiProxyDatabaseName: 'llmproxy' }, llmProxy: { resources: { limits: { memory: '4Gi' } } } }) }, ['llmproxy-values-ignored acceptable']],
  ['resources below llmProxy, where they are read', { from: '1.207.2', to: '1.208.2', before: quiet({ ...AI, llmProxy: { replicaCount: 2 } }) }, []],

  ['AI on the bundled server', { before: { ...AI, tlsCerts: { autoGenerate: false } } }, ['ai-on-bundled-database acceptable', 'bundled-database warn']],
  ['AI with a password that breaks a URL', { before: quiet(AI), safe: false }, ['password-not-url-safe acceptable']],
  ['AI switched on with such a password', { after: quiet(AI), safe: false }, ['password-not-url-safe acceptable']],
  ['AI with a password nobody could read', { before: quiet(AI), safe: 'unread' }, ['password-not-url-safe ?']],
  ['such a password without AI', { safe: false }, []],
  ['a salt key that is new', { before: quiet(AI), after: quiet({ ...AI, ...key('k') }) }, ['salt-key-new mandatory']],
  ['a salt key that comes with AI', { after: quiet({ ...AI, ...key('k') }) }, []],
  ['a salt key that stays', { before: quiet({ ...AI, ...key('k') }) }, []],

  ['AWS pod identity', { before: quiet({ externalPostgresql: { host: 'db', awsEksPodIdentityEnabled: true } }) }, ['aws-pod-identity mandatory']],
  ['a switch that is text', { after: quiet({ internalPostgresql: { enabled: 'false' } }) }, ['values-file-missing mandatory', 'bundled-database warn', 'database-switch-is-text mandatory']],
  ['a TLS switch that is text', { before: quiet({ externalPostgresql: { host: 'db', sslEnabled: 'false' } }) }, ['tls-switch-is-text mandatory']],
  ['a TLS switch that is the text "true", which works', { before: quiet({ externalPostgresql: { host: 'db', sslEnabled: 'true' } }) }, []],
  ['disconnected', { to: '1.284.1', before: quiet({ appConfigValues: { disconnected: { enabled: true } } }) }, ['second-migration-of-accounts warn']],
  ['disconnected, before there was any', { before: quiet({ appConfigValues: { disconnected: { enabled: true } } }) }, []],

  ['the old path in the arguments', { from: '1.228.1', to: '1.240.2', before: quiet({ workspaceMigrations: { args: ['-ec', '/usr/src/app/onprem-init-db.sh'] } }) }, ['migration-command-pinned mandatory']],
  ['the old path as one text', { before: quiet({ workspaceMigrations: { command: '/usr/src/app/onprem-init-db.sh' } }) }, ['migration-command-pinned mandatory']],
  ['the old path, where it is right', { from: '1.208.2', to: '1.228.1', before: quiet({ workspaceMigrations: { args: ['/usr/src/app/onprem-init-db.sh'] } }) }, []],
  ['the new path', { before: quiet({ workspaceMigrations: { args: ['/usr/src/workspace-db/onprem-init-db.sh'] } }) }, []],
  ['the default of the chart', { before: quiet({ workspaceMigrations: { command: [], args: [] } }) }, []],
  ['diagnostic mode', { after: quiet({ diagnosticMode: { enabled: true } }) }, ['diagnostic-mode mandatory']],

  ['the cache off, and no other', { before: quiet({ internalRedis: { enabled: false } }) }, ['cache-at-localhost acceptable']],
  ['the cache off, an empty host', { before: quiet({ internalRedis: { enabled: false }, externalRedis: { host: '' } }) }, ['cache-at-localhost acceptable']],
  ['the cache off, another host', { before: quiet({ internalRedis: { enabled: false }, externalRedis: { host: 'r' } }) }, []],
  ['redis becomes valkey', { from: '1.241.1', to: '1.252.2' }, ['cache-renamed warn']],
  ['redis becomes valkey, which nobody uses', { from: '1.241.1', to: '1.252.2', before: quiet({ internalRedis: { enabled: false }, externalRedis: { host: 'r' } }) }, []],
  ['the domain in the wrong section', { before: quiet({ cartoConfigValues: { selfHostedDomain: 'maps.example' } }) }, ['domain-in-wrong-section acceptable']],
  ['the LaunchDarkly id in the wrong section', { before: quiet({ appConfigValues: { launchDarklyClientSideId: 'x' } }) }, ['launchdarkly-in-wrong-section warn']],
  ['the version hook off', { before: quiet({ upgradeCheck: { enabled: false } }) }, ['version-hook-off warn']],
  ['a self-signed certificate', { before: quiet({ tlsCerts: { autoGenerate: true } }) }, ['self-signed-tls warn']],
  ['an own certificate beside it', { before: quiet({ tlsCerts: { autoGenerate: true, existingSecret: { name: 'tls' } } }) }, []],
])('%s', (_, crossing, expected) => {
  expect(traps(crossing)).toEqual(expected)
})

test('no two traps have one name, and each says what to do', () => {
  const names = (carto.traps ?? []).map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  for (const { says, remedy } of carto.traps ?? []) expect([says.length > 20, remedy.length > 10]).toEqual([true, true])
})
