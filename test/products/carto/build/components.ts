// The components of CARTO's chart: names, images, how many, what they hold and what the stand-in runs in them.
import type { Traits } from './releases.ts'

/** What the one program of the stand-in plays (app/main.ts). */
export type Part = 'idle' | 'reader' | 'importer' | 'aiproxy'

export interface Component {
  /** Ends the names of its objects: `<fullname>-<name>`. */
  name: string
  /** Section of the values. */
  section: string
  container: string
  /** Repository of its image. */
  image: string
  replicas: number
  part: Part
  /** Holds the credentials of the metadata database. */
  database?: boolean
  /** Variables that come from `cartoSecrets` or `appSecrets`. */
  secrets: string[]
  when?: 'aiFeaturesEnabled' | 'publicEventsApiEnabled' | 'httpCacheEnabled'
}

const WORKSPACE = ['CARTO_SELFHOSTED_INSTANCE_ID', 'ENCRYPTION_SECRET_KEY', 'WORKSPACE_JWT_SECRET']

function reader(
  name: string,
  section: string,
  image: string,
  secrets: string[],
  more: Partial<Component> = {},
): Component {
  return { name, section, container: name, image, replicas: 1, part: 'reader', database: true, secrets, ...more }
}

function idle(name: string, section: string, image: string, secrets: string[] = []): Component {
  return { name, section, container: name, image, replicas: 1, part: 'idle', secrets }
}

export function componentsOf({ ai, publicEventsApi }: Traits): Component[] {
  const events: Component[] = publicEventsApi
    ? [{ ...idle('public-events-api', 'publicEventsApi', 'public-events-api'), when: 'publicEventsApiEnabled' }]
    : []
  return [
    idle('accounts-www', 'accountsWww', 'accounts-www'),
    reader('ai-api', 'aiApi', 'ai-api', ['ENCRYPTION_SECRET_KEY'], { when: 'aiFeaturesEnabled' }),
    {
      ...idle(ai.name, ai.section, 'litellm', ['LITELLM_MASTER_KEY', 'LITELLM_SALT_KEY']),
      part: 'aiproxy',
      when: 'aiFeaturesEnabled',
    },
    idle('cdn-invalidator-sub', 'cdnInvalidatorSub', 'consumers/cdn-invalidator-sub', ['VARNISH_PURGE_SECRET']),
    {
      ...idle('http-cache', 'httpCache', 'http-cache', ['VARNISH_PURGE_SECRET', 'VARNISH_DEBUG_SECRET']),
      when: 'httpCacheEnabled',
    },
    reader('import-api', 'importApi', 'import-api', ['ENCRYPTION_SECRET_KEY', 'IMPORT_JWT_SECRET']),
    reader('import-worker', 'importWorker', 'import-api', ['ENCRYPTION_SECRET_KEY'], { part: 'importer' }),
    reader('lds-api', 'ldsApi', 'lds-api', ['LDS_JWT_SECRET']),
    reader('maps-api', 'mapsApi', 'maps-api', ['ENCRYPTION_SECRET_KEY', 'MAPS_API_V3_JWT_SECRET'], { replicas: 2 }),
    idle('notifier', 'notifier', 'notifier'),
    ...events,
    { ...idle('router', 'router', 'router/router-http'), container: 'router-http' },
    reader('sql-worker', 'sqlWorker', 'maps-api', ['ENCRYPTION_SECRET_KEY']),
    reader('workspace-api', 'workspaceApi', 'workspace-api', WORKSPACE, { replicas: 2 }),
    reader('workspace-subscriber', 'workspaceSubscriber', 'workspace-api', WORKSPACE),
    idle('workspace-www', 'workspaceWww', 'workspace-www'),
  ]
}

/** Images that no Deployment of the table runs: the migrations and the cache. */
export function furtherImages({ cache }: Traits): string[] {
  return ['workspace-db', cache]
}

/** Where the value of each variable stands in the values. */
export const SECRET_VARIABLES: Readonly<Record<string, string>> = {
  BIGQUERY_OAUTH2_CLIENT_SECRET: 'appSecrets.bigqueryOauth2ClientSecret',
  CARTO_SELFHOSTED_INSTANCE_ID: 'cartoSecrets.instanceId',
  ENCRYPTION_SECRET_KEY: 'cartoSecrets.encryptionSecretKey',
  IMPORT_JWT_SECRET: 'cartoSecrets.jwtApiSecret',
  LDS_JWT_SECRET: 'cartoSecrets.jwtApiSecret',
  LITELLM_MASTER_KEY: 'cartoSecrets.litellmMasterKey',
  LITELLM_SALT_KEY: 'cartoSecrets.litellmSaltKey',
  MAPS_API_V3_JWT_SECRET: 'cartoSecrets.jwtApiSecret',
  VARNISH_DEBUG_SECRET: 'cartoSecrets.varnishDebugSecret',
  VARNISH_PURGE_SECRET: 'cartoSecrets.varnishPurgeSecret',
  WORKSPACE_JWT_SECRET: 'cartoSecrets.jwtApiSecret',
}
