// Combinations of live values and the exact databases of each: `role user@host:port/database secret#key`, and `tls`.
import type { JsonRecord } from '../../core/json.ts'
import type { Rendered } from './rendered.fixture.ts'

/** What is in the cluster besides what the chart made. Values of Secrets in plain text. */
export interface Cluster {
  configMaps?: Record<string, Record<string, string>>
  secrets?: Record<string, Record<string, string>>
}

/** Changes what the chart made, as somebody with kubectl would. */
export type Spoil = (made: Rendered) => void

type Row = [
  what: string,
  chart: string,
  values: JsonRecord,
  expected: string[],
  more?: { cluster?: Cluster; release?: string },
]
type EvidenceRow = [
  what: string,
  chart: string,
  values: JsonRecord,
  expected: string[],
  more?: { cluster?: Cluster; spoil?: Spoil },
]

const HOST = { host: 'pg.internal', user: 'carto_user', database: 'carto_workspace' }
/** The user's own server, with what is laid over it. */
const own = (external: JsonRecord = {}, rest: JsonRecord = {}): JsonRecord => ({
  internalPostgresql: { enabled: false },
  externalPostgresql: { ...HOST, ...external },
  ...rest,
})
const ai = (on: unknown = true): JsonRecord => ({ appConfigValues: { aiFeaturesEnabled: on } })
const offline = (on: unknown = true): JsonRecord => ({ appConfigValues: { disconnected: { enabled: on } } })
const both: JsonRecord = { appConfigValues: { aiFeaturesEnabled: true, disconnected: { enabled: true } } }
const router: JsonRecord = { cartoConfigValues: { onlyRunRouter: true } }

const BUNDLED = 'workspace_admin@mycarto-postgresql:5432'
const OWN = 'carto_user@pg.internal:5432'
const BUNDLED_KEY = 'mycarto-postgresql#password'
const OWN_KEY = 'mycarto-externalpostgresql#db-password'
const META = `metadata ${OWN}/carto_workspace ${OWN_KEY}`
const BUNDLED_META = `metadata ${BUNDLED}/workspace ${BUNDLED_KEY}`
const AIPROXY = `aiproxy ${OWN}/aiproxy ${OWN_KEY}`

// oxfmt-ignore
export const DISCOVERY_ROWS: Row[] = [
  // The chart's own server, which is its default.
  ['nothing set', '1.168.1', {}, [BUNDLED_META]],
  ['nothing set', '1.280.1', {}, [BUNDLED_META]],
  ['another name and user', '1.280.1', { internalPostgresql: { auth: { username: 'u', database: 'd' } } }, [`metadata u@mycarto-postgresql:5432/d ${BUNDLED_KEY}`]],
  ['an own Secret', '1.280.1', { internalPostgresql: { auth: { existingSecret: 'mine' } } }, [`metadata ${BUNDLED}/workspace mine#password`]],
  ['keys of the external Secret, unused', '1.280.1', { externalPostgresql: { existingSecret: 'x', existingSecretPasswordKey: 'y' } }, [BUNDLED_META]],
  ['internal sslEnabled, read by nothing', '1.280.1', { internalPostgresql: { sslEnabled: true } }, [BUNDLED_META]],
  ['external sslEnabled, read all the same', '1.280.1', { externalPostgresql: { sslEnabled: true } }, [`${BUNDLED_META} tls`]],
  ['external host and database, unused', '1.280.1', { externalPostgresql: HOST }, [BUNDLED_META]],
  ['another name of the subchart', '1.280.1', { internalPostgresql: { nameOverride: 'pg' } }, ['metadata workspace_admin@mycarto-pg:5432/workspace mycarto-pg#password']],
  ['a release named like the subchart', '1.280.1', {}, ['metadata workspace_admin@my-postgresql:5432/workspace my-postgresql#password'], { release: 'my-postgresql' }],
  ['a full name, which dependencies do not follow', '1.280.1', { fullnameOverride: 'maps' }, [BUNDLED_META]],
  ['a release that is not called carto', '1.280.1', {}, ['metadata workspace_admin@prod-postgresql:5432/workspace prod-postgresql#password'], { release: 'prod' }],
  ['pod identity set beside it, unused', '1.280.1', { externalPostgresql: { awsEksPodIdentityEnabled: true } }, [BUNDLED_META]],

  // The user's own server.
  ['external', '1.168.1', own(), [META]],
  ['external', '1.280.1', own(), [META]],
  ['external with the defaults for all but the host', '1.280.1', { internalPostgresql: { enabled: false }, externalPostgresql: { host: 'db' } }, [`metadata workspace_admin@db:5432/workspace ${OWN_KEY}`]],
  ['a port as number', '1.280.1', own({ port: 6432 }), [`metadata carto_user@pg.internal:6432/carto_workspace ${OWN_KEY}`]],
  ['a port as text', '1.280.1', own({ port: '6432' }), [`metadata carto_user@pg.internal:6432/carto_workspace ${OWN_KEY}`]],
  ['sslEnabled', '1.280.1', own({ sslEnabled: true, sslCA: 'PEM' }), [`${META} tls`]],
  ['sslEnabled as the text "true"', '1.280.1', own({ sslEnabled: 'true' }), [`${META} tls`]],
  // The migrations get "require" by the template's if, the application the text as it is.
  ['sslEnabled as the text "false", which is true and false', '1.280.1', own({ sslEnabled: 'false' }), ['metadata differs']],
  ['existingSecret with its usual key', '1.280.1', own({ existingSecret: 'mine' }), [`metadata ${OWN}/carto_workspace mine#db-password`]],
  ['existingSecret with an own key', '1.280.1', own({ existingSecret: 'mine', existingSecretPasswordKey: 'pw' }), [`metadata ${OWN}/carto_workspace mine#pw`]],
  ['an own key without existingSecret', '1.280.1', own({ existingSecretPasswordKey: 'pw' }), [META]],
  ['auth of the server of the chart, unused', '1.280.1', own({}, { internalPostgresql: { enabled: false, auth: { database: 'unused' } } }), [META]],
  ['Azure: the user with its server', '1.280.1', own({ user: 'carto@srv', internalUser: 'carto' }), [`metadata carto@srv@pg.internal:5432/carto_workspace ${OWN_KEY}`]],
  ['AWS pod identity', '1.280.1', own({ awsEksPodIdentityEnabled: true, awsRdsRegion: 'eu-west-1' }), [`metadata ${OWN}/carto_workspace no password`]],
  ['AWS pod identity, unknown to the chart', '1.143.1', own({ awsEksPodIdentityEnabled: true }), [META]],
  ['another release name', '1.280.1', own(), [`metadata ${OWN}/carto_workspace prod-externalpostgresql#db-password`], { release: 'prod' }],

  // AI.
  ['AI, before there was any', '1.168.1', own({}, ai()), [META]],
  ['AI as llmproxy', '1.207.2', own({}, ai()), [META, `aiproxy ${OWN}/llmproxy ${OWN_KEY}`]],
  ['AI as llmproxy', '1.223.2', own({}, ai()), [META, `aiproxy ${OWN}/llmproxy ${OWN_KEY}`]],
  ['llmProxyDatabaseName', '1.208.2', own({ llmProxyDatabaseName: 'llm' }, ai()), [META, `aiproxy ${OWN}/llm ${OWN_KEY}`]],
  ['aiProxyDatabaseName, not read yet', '1.208.2', own({ aiProxyDatabaseName: 'x' }, ai()), [META, `aiproxy ${OWN}/llmproxy ${OWN_KEY}`]],
  ['AI as aiproxy', '1.225.1', own({}, ai()), [META, AIPROXY]],
  ['AI as aiproxy, a candidate', '1.225.1-beta', own({}, ai()), [META, AIPROXY]],
  ['AI as aiproxy, with LITELLM_ variables', '1.230.1', own({}, ai()), [META, AIPROXY]],
  ['llmProxyDatabaseName, no longer read', '1.228.1', own({ llmProxyDatabaseName: 'llm' }, ai()), [META, AIPROXY]],
  ['aiProxyDatabaseName keeps the old one', '1.280.1', own({ aiProxyDatabaseName: 'llmproxy' }, ai()), [META, `aiproxy ${OWN}/llmproxy ${OWN_KEY}`]],
  ['AI by the text "false", which is true', '1.280.1', own({}, ai('false')), [META, AIPROXY]],
  ['AI by an empty text, which is false', '1.280.1', own({}, ai('')), [META]],
  ['AI by null', '1.280.1', own({}, ai(null)), [META]],
  ['AI by the number 0', '1.280.1', own({}, ai(0)), [META]],
  ['AI with Secret and TLS of the user', '1.280.1', own({ existingSecret: 'mine', existingSecretPasswordKey: 'pw', sslEnabled: true }, ai()), [`metadata ${OWN}/carto_workspace mine#pw tls`, `aiproxy ${OWN}/aiproxy mine#pw tls`]],
  ['AI on the server of the chart', '1.280.1', ai(), [BUNDLED_META, `aiproxy ${BUNDLED}/aiproxy ${BUNDLED_KEY}`]],
  ['AI on the server of the chart, named', '1.280.1', { ...ai(), externalPostgresql: { aiProxyDatabaseName: 'brain' } }, [BUNDLED_META, `aiproxy ${BUNDLED}/brain ${BUNDLED_KEY}`]],
  ['AI with pod identity', '1.280.1', own({ awsEksPodIdentityEnabled: true }, ai()), [`metadata ${OWN}/carto_workspace no password`, `aiproxy ${OWN}/aiproxy no password`]],

  // Disconnected.
  ['disconnected, before there was any', '1.280.1', own({}, offline()), [META]],
  ['disconnected', '1.284.1', own({}, offline()), [META, `accounts ${OWN}/accounts ${OWN_KEY}`]],
  ['disconnected with another name', '1.287.1', own({ accountsDatabaseName: 'acc' }, offline()), [META, `accounts ${OWN}/acc ${OWN_KEY}`]],
  ['disconnected, switched off', '1.284.1', own({}, offline(false)), [META]],
  ['disconnected with AI', '1.284.1', own({}, both), [META, AIPROXY, `accounts ${OWN}/accounts ${OWN_KEY}`]],
  ['disconnected, the auth-api as a role of its own', '1.284.1', own({ authApiUser: 'auth', authApiPassword: 'x' }, offline()), [META, `accounts ${OWN}/accounts ${OWN_KEY}`]],
  ['disconnected on the server of the chart', '1.284.1', offline(), [BUNDLED_META, `accounts ${BUNDLED}/accounts ${BUNDLED_KEY}`]],
]

const told = (name: string, value: string): JsonRecord => ({ name, value })
const over = (section: string, settings: JsonRecord, rest: JsonRecord = {}): JsonRecord =>
  own({}, { [section]: settings, ...rest })
const full = (database: string, prefix = 'WORKSPACE_POSTGRES'): Record<string, string> => ({
  [`${prefix}_HOST`]: 'pg.internal',
  [`${prefix}_PORT`]: '5432',
  [`${prefix}_DB`]: database,
  [`${prefix}_USER`]: 'carto_user',
})
/** The same setting for every component: an override of one alone leaves two databases in use. */
const everywhere = (settings: JsonRecord): JsonRecord => own({}, { workspaceApi: settings, mapsApi: settings })
const books = `metadata ${OWN}/books ${OWN_KEY}`
const DB = 'WORKSPACE_POSTGRES_DB'

// oxfmt-ignore
export const EVIDENCE_ROWS: EvidenceRow[] = [
  ['extraEnvVars names another database', '1.280.1', everywhere({ extraEnvVars: [told(DB, 'books')] }), [books]],
  ['extraEnvVars names another host, port and user', '1.280.1', everywhere({ extraEnvVars: [told('WORKSPACE_POSTGRES_HOST', 'bouncer'), told('WORKSPACE_POSTGRES_PORT', '6432'), told('WORKSPACE_POSTGRES_USER', 'u')] }), [`metadata u@bouncer:6432/carto_workspace ${OWN_KEY}`]],
  ['extraEnvVars says the same as the values', '1.280.1', over('workspaceApi', { extraEnvVars: [told(DB, 'carto_workspace')] }), [META]],
  ['extraEnvVars of something else', '1.280.1', over('workspaceApi', { extraEnvVars: [told('DEBUG', '1')] }), [META]],
  ['extraEnvVars switches TLS on', '1.280.1', everywhere({ extraEnvVars: [told('WORKSPACE_POSTGRES_SSL_ENABLED', 'true')] }), [`${META} tls`]],
  ['extraEnvVars with a port that is none', '1.280.1', everywhere({ extraEnvVars: [told('WORKSPACE_POSTGRES_PORT', 'pg')] }), ['metadata unknown']],
  ['extraEnvVars with an empty database', '1.280.1', everywhere({ extraEnvVars: [told(DB, '')] }), ['metadata unknown']],
  ['extraEnvVars with TLS that may be', '1.280.1', everywhere({ extraEnvVars: [told('WORKSPACE_POSTGRES_SSL_ENABLED', 'prefer')] }), ['metadata unknown']],
  ['extraEnvVars takes the password elsewhere', '1.280.1', over('workspaceApi', { extraEnvVars: [{ name: 'WORKSPACE_POSTGRES_PASSWORD', valueFrom: { secretKeyRef: { name: 'vault', key: 'pw' } } }] }), [`metadata ${OWN}/carto_workspace vault#pw`], { cluster: { secrets: { vault: { pw: 'canary-1' } } } }],
  ['extraEnvVars has the password written down', '1.280.1', over('workspaceApi', { extraEnvVars: [told('WORKSPACE_POSTGRES_PASSWORD', 'canary-2')] }), ['metadata unknown']],
  ['extraEnvVars by the name of the release', '1.280.1', everywhere({ extraEnvVars: [told(DB, '{{ .Release.Name }}-books')] }), [`metadata ${OWN}/mycarto-books ${OWN_KEY}`], { spoil: fill('{{ .Release.Name }}', 'mycarto') }],
  ['extraEnvVars by a template of the chart', '1.280.1', everywhere({ extraEnvVars: [told(DB, '{{ .Values.x }}')] }), [books], { spoil: fill('{{ .Values.x }}', 'books') }],
  ['extraEnvVars of one component alone', '1.280.1', over('workspaceApi', { extraEnvVars: [told(DB, 'books')] }), ['metadata differs']],
  // The migrations do not take it: they would run on the database that the values name.
  ['extraEnvVarsCM names another database', '1.280.1', everywhere({ extraEnvVarsCM: 'more' }), ['metadata differs'], { cluster: { configMaps: { more: { [DB]: 'books' } } } }],
  ['extraEnvVarsCM of something else', '1.280.1', over('workspaceApi', { extraEnvVarsCM: 'more' }), [META], { cluster: { configMaps: { more: { DEBUG: '1' } } } }],
  ['extraEnvVarsCM that is not there', '1.280.1', over('workspaceApi', { extraEnvVarsCM: 'gone' }), [META]],
  ['extraEnvVarsCM names another AI database', '1.280.1', own({}, { ...ai(), aiProxy: { extraEnvVarsCM: 'more' } }), [META, `aiproxy ${OWN}/brain ${OWN_KEY}`], { cluster: { configMaps: { more: { LITELLM_DATABASE_NAME: 'brain' } } } }],
  ['extraEnvVars names another AI database', '1.208.2', own({}, { ...ai(), llmProxy: { extraEnvVars: [told('DATABASE_NAME', 'brain')] } }), [META, `aiproxy ${OWN}/brain ${OWN_KEY}`]],
  ['a variable of another generation', '1.280.1', own({}, { ...ai(), aiProxy: { extraEnvVars: [told('DATABASE_NAME', 'brain')] } }), [META, AIPROXY]],
  ['extraEnvVarsSecret says the same as the values', '1.280.1', over('workspaceApi', { extraEnvVarsSecret: 'more' }), [META], { cluster: { secrets: { more: { [DB]: 'carto_workspace' } } } }],
  ['extraEnvVarsSecret names another database', '1.280.1', own({}, { ...ai(), aiProxy: { extraEnvVarsSecret: 'more' } }), [META, 'aiproxy unknown'], { cluster: { secrets: { more: { LITELLM_DATABASE_NAME: 'canary-db' } } } }],
  ['existingConfigMap says the same as the values', '1.280.1', over('workspaceApi', { existingConfigMap: 'mine' }), [META], { cluster: { configMaps: { mine: full('carto_workspace') } } }],
  ['existingConfigMap names another database', '1.280.1', everywhere({ existingConfigMap: 'mine' }), [books], { cluster: { configMaps: { mine: full('books') } } }],
  ['existingConfigMap that is not there', '1.280.1', over('workspaceApi', { existingConfigMap: 'gone' }), ['metadata unknown']],
  ['existingConfigMap without the keys', '1.280.1', over('workspaceApi', { existingConfigMap: 'mine' }), ['metadata unknown'], { cluster: { configMaps: { mine: { DEBUG: '1' } } } }],
  ['existingConfigMap below extraEnvVars', '1.280.1', everywhere({ existingConfigMap: 'mine', extraEnvVars: [told(DB, 'books')] }), [books], { cluster: { configMaps: { mine: full('else') } } }],
  ['the accounts-api is told another database than the auth-api', '1.284.1', own({}, { ...offline(), accountsApi: { extraEnvVars: [told('ACCOUNTS_POSTGRES_DB', 'books')] } }), [META, 'accounts differs']],

  // Wrong evidence: nothing in the values explains it.
  ['a ConfigMap that says another database', '1.280.1', own(), ['metadata differs'], { spoil: configMap('mycarto-workspace-api', { [DB]: 'books' }) }],
  ['a ConfigMap that says another host', '1.280.1', own(), ['metadata differs'], { spoil: configMap('mycarto-workspace-api', { WORKSPACE_POSTGRES_HOST: 'other' }) }],
  ['a ConfigMap that says no TLS', '1.280.1', own({ sslEnabled: true }), ['metadata differs'], { spoil: configMap('mycarto-workspace-api', { WORKSPACE_POSTGRES_SSL_ENABLED: 'false' }) }],
  ['a ConfigMap of one component alone', '1.280.1', own(), ['metadata differs'], { spoil: configMap('mycarto-maps-api', { [DB]: 'books' }) }],
  ['the ConfigMap of the AI proxy', '1.228.1', own({}, ai()), [META, 'aiproxy differs'], { spoil: configMap('mycarto-aiproxy', { DATABASE_NAME: 'llmproxy' }) }],
  ['no ConfigMap', '1.280.1', own(), ['metadata unknown'], { spoil: (made) => delete made.configMaps['mycarto-workspace-api'] }],
  ['no Deployment', '1.280.1', own(), ['metadata unknown'], { spoil: (made) => made.containers.splice(0, 2) }],
  ['a variable put into the Deployment by hand', '1.280.1', own(), ['metadata differs'], { spoil: env('workspace-api', told(DB, 'books')) }],
  ['a variable put into the migrations by hand', '1.280.1', own(), ['metadata differs'], { spoil: env('workspace-migrations', told(DB, 'books')) }],
  ['a Deployment without what the values lay over it', '1.280.1', everywhere({ extraEnvVars: [told(DB, 'books')] }), ['metadata differs'], { spoil: bare }],
  ['another Secret for the password', '1.280.1', own(), ['metadata differs'], { spoil: env('workspace-api', { name: 'WORKSPACE_POSTGRES_PASSWORD', valueFrom: { secretKeyRef: { name: 'else', key: 'pw' } } }), cluster: { secrets: { else: { pw: 'canary-3' } } } }],
  ['a variable that only the pod knows', '1.280.1', own(), ['metadata unknown'], { spoil: env('workspace-api', { name: DB, valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }) }],
  ['a router alone, which reaches no database', '1.280.1', own({}, { ...ai(), ...router }), ['metadata unknown']],
]

function configMap(name: string, data: Record<string, string>): Spoil {
  return (made) => {
    made.configMaps[name] = { ...made.configMaps[name], ...data }
  }
}

function env(container: string, entry: JsonRecord): Spoil {
  return ({ containers }) => {
    for (const { name, spec } of containers) if (name === container) (spec['env'] as JsonRecord[]).push(entry)
  }
}

function bare({ containers }: Rendered): void {
  for (const { spec } of containers) (spec['env'] as JsonRecord[]).splice(1)
}

/** As Helm renders `extraEnvVars`. */
function fill(template: string, value: string): Spoil {
  return ({ containers }) => {
    for (const { spec } of containers) {
      spec['env'] = (spec['env'] as JsonRecord[]).map((entry) =>
        typeof entry['value'] === 'string' ? { ...entry, value: entry['value'].replace(template, value) } : entry,
      )
    }
  }
}
