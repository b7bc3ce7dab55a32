// What CARTO's chart makes of values: the containers that reach a database and the ConfigMaps they read. Written from what the
// templates do, not from the profile, so that the one can be held against the other.
import type { CelScope } from '../../core/profile/cel.ts'
import type { Sources } from '../../core/profile/environment.ts'
import type { LiveContainer } from '../../core/profile/truth.ts'
import { recordOf, textOf, valueAt } from '../../core/json.ts'
import type { JsonRecord } from '../../core/json.ts'

export interface Rendered {
  containers: LiveContainer[]
  configMaps: Sources['configMaps']
}

interface Database {
  host: string
  port: string
  user: string
  secret: string
  key: string
  ssl: string
}

/** Sprig's `ternary`: anything but a bool stops the rendering. */
function ternary<T>(yes: T, no: T, test: unknown): T {
  if (typeof test !== 'boolean') throw new TypeError(`ternary: expected bool, got ${typeof test}`)
  return test ? yes : no
}

/** Sprig's `default`, for texts. */
function filled(value: unknown, fallback: string): string {
  return textOf(value) || fallback
}

function nameOf({ release, values }: CelScope): string {
  if (values['fullnameOverride'] !== '') return String(values['fullnameOverride'])
  const name = filled(values['nameOverride'], 'carto')
  return release.name.includes(name) ? release.name : `${release.name}-${name}`
}

function databaseOf({ release, values }: CelScope): Database {
  const [own, their] = [recordOf(values['internalPostgresql']), recordOf(values['externalPostgresql'])]
  const auth = recordOf(own['auth'])
  const internal = own['enabled']
  const name = String(own['nameOverride'])
  const server = release.name.includes(name) ? release.name : `${release.name}-${name}`
  const brought = their['existingSecret']
  return {
    host: ternary(server, String(their['host']), internal),
    port: ternary('5432', String(their['port']), internal),
    user: ternary(String(auth['username']), String(their['user']), internal),
    secret: internal ? filled(auth['existingSecret'], server) : filled(brought, `${release.name}-externalpostgresql`),
    key: internal ? 'password' : filled(brought && their['existingSecretPasswordKey'], 'db-password'),
    ssl: String(their['sslEnabled']),
  }
}

/** One component: its ConfigMap, and its containers with what the user laid over them. */
function component(
  scope: CelScope,
  section: string,
  name: string,
  variables: Record<string, string>,
  password: { name: string; secret: string; key: string },
  migrator?: string,
): Rendered {
  const settings = recordOf(scope.values[section])
  const deployment = `${nameOf(scope)}-${name}`
  const existing = filled(settings['existingConfigMap'], '')
  const { extraEnvVars, extraEnvVarsCM, extraEnvVarsSecret } = settings
  const configMap = { configMapRef: { name: existing || deployment } }
  const env = [
    { name: password.name, valueFrom: { secretKeyRef: { name: password.secret, key: password.key } } },
    ...(Array.isArray(extraEnvVars) ? (extraEnvVars as JsonRecord[]) : []),
  ]
  const envFrom = [
    configMap,
    ...(extraEnvVarsCM ? [{ configMapRef: { name: extraEnvVarsCM } }] : []),
    ...(extraEnvVarsSecret ? [{ secretRef: { name: extraEnvVarsSecret } }] : []),
  ]
  // The migrations take the ConfigMap and the variables, but neither the further ConfigMap nor the further Secret.
  const init = migrator === undefined ? [] : [{ deployment, name: migrator, spec: { env, envFrom: [configMap] } }]
  return {
    containers: [...init, { deployment, name, spec: { env, envFrom } }],
    configMaps: existing === '' ? { [deployment]: variables } : {},
  }
}

function variables(prefix: string, name: string, database: Database, mainName: string): Record<string, string> {
  return {
    [`${prefix}_HOST`]: database.host,
    [`${prefix}_PORT`]: database.port,
    [`${prefix}_${name}`]: mainName,
    [`${prefix}_USER`]: database.user,
    [`${prefix}_SSL_ENABLED`]: database.ssl,
  }
}

function aiVariables(prefix: string, database: Database, name: string): Record<string, string> {
  return {
    [`${prefix}_HOST`]: database.host,
    [`${prefix}_PORT`]: database.port,
    [`${prefix}_NAME`]: name,
    [`${prefix}_USERNAME`]: database.user,
    [`${prefix}_SSL_MODE`]: database.ssl === 'false' ? 'disable' : 'require',
  }
}

export function rendered(scope: CelScope): Rendered {
  const { values, chart } = scope
  const at = (path: string): unknown => valueAt(values, path)
  const minor = Number(chart.version.split('.')[1])
  const database = databaseOf(scope)
  const { secret, key } = database
  const main = String(
    ternary(
      at('internalPostgresql.auth.database'),
      at('externalPostgresql.database'),
      at('internalPostgresql.enabled'),
    ),
  )
  const workspace = variables('WORKSPACE_POSTGRES', 'DB', database, main)
  const password = { name: 'WORKSPACE_POSTGRES_PASSWORD', secret, key }
  const routerOnly = Boolean(at('cartoConfigValues.onlyRunRouter'))
  const parts: Rendered[] = [
    component(scope, 'workspaceApi', 'workspace-api', workspace, password, 'workspace-migrations'),
    component(scope, 'mapsApi', 'maps-api', workspace, password),
  ]
  if (at('appConfigValues.aiFeaturesEnabled') && !routerOnly) {
    const prefix = minor >= 230 ? 'LITELLM_DATABASE' : 'DATABASE'
    const [section, name] = minor >= 225 ? ['aiProxy', 'aiproxy'] : ['llmProxy', 'llmproxy']
    const called = String(at(`externalPostgresql.${section}DatabaseName`))
    if (minor >= 207)
      parts.push(
        component(scope, section, name, aiVariables(prefix, database, called), {
          name: `${prefix}_PASSWORD`,
          secret,
          key,
        }),
      )
  }
  if (at('appConfigValues.disconnected.enabled') && !routerOnly && minor >= 284)
    parts.push(...disconnected(scope, database))
  return {
    containers: routerOnly ? [] : parts.flatMap(({ containers }) => containers),
    configMaps: Object.fromEntries(parts.flatMap(({ configMaps }) => Object.entries(configMaps))),
  }
}

function disconnected(scope: CelScope, database: Database): Rendered[] {
  const their = recordOf(scope.values['externalPostgresql'])
  const accounts = variables('ACCOUNTS_POSTGRES', 'DB', database, String(their['accountsDatabaseName']))
  const auth = { ...accounts, ACCOUNTS_POSTGRES_USER: filled(their['authApiUser'], database.user) }
  const password = { name: 'ACCOUNTS_POSTGRES_PASSWORD', secret: database.secret, key: database.key }
  const own = {
    name: 'ACCOUNTS_POSTGRES_PASSWORD',
    secret: `${nameOf(scope)}-auth-api`,
    key: 'ACCOUNTS_POSTGRES_PASSWORD',
  }
  return [
    component(scope, 'accountsApi', 'accounts-api', accounts, password, 'accounts-migrations'),
    component(
      scope,
      'authApi',
      'auth-api',
      auth,
      their['authApiPassword'] ? own : password,
      'internal-auth-migrations',
    ),
  ]
}
