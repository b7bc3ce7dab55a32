// Where backup sets live, as the Installation says it: five kinds of place, and how each is reached.
import { isRecord, recordOf, textOf } from '../json.ts'

/** How a store across the network is reached. */
export interface Reach {
  /** Base URL of a service that is not the cloud's own. */
  endpoint?: string
  /** Secret with the credentials (keys below, per kind); absent: whatever the environment gives, workload identity first. */
  credentials?: string
  /** Secret with `ca.crt`: authorities that are trusted beside the usual ones. */
  ca?: string
  /** Proxy for HTTPS, as a URL without credentials. */
  proxy?: string
  /** ServiceAccount that data Jobs run as, for workload identity. */
  serviceAccount?: string
  /** What the store may hold, in bytes, where the service itself has no limit. */
  quotaBytes?: number
}

export type RemoteStoreSpec =
  /** Credentials: `accessKeyId`, `secretAccessKey`, and `sessionToken` where there is one. */
  | ({ type: 's3'; bucket: string; prefix: string; region?: string } & Reach)
  /** Credentials: `serviceAccount`, a service account's key file. */
  | ({ type: 'gcs'; bucket: string; prefix: string } & Reach)
  /** Credentials: one of `accountKey`, `sasToken`, `connectionString`. */
  | ({ type: 'azure'; account: string; container: string; prefix: string } & Reach)

export type StoreSpec = { type: 'volume'; claim: string } | { type: 'directory'; path: string } | RemoteStoreSpec

export const STORE_TYPES = ['volume', 'directory', 's3', 'gcs', 'azure'] as const

export function isRemote(spec: StoreSpec): spec is RemoteStoreSpec {
  return spec.type === 's3' || spec.type === 'gcs' || spec.type === 'azure'
}

/** Secrets that whoever opens the store must be able to read. */
export function secretsOfStore(spec: StoreSpec): string[] {
  if (!isRemote(spec)) return []
  return [spec.credentials, spec.ca].filter((name) => name !== undefined)
}

/** How people write it; the same text is what `--store` takes. */
export function storeText(spec: StoreSpec): string {
  switch (spec.type) {
    case 'volume':
      return `volume:${spec.claim}`
    case 'directory':
      return `dir:${spec.path}`
    case 's3':
      return `s3://${joined(spec.bucket, spec.prefix)}`
    case 'gcs':
      return `gs://${joined(spec.bucket, spec.prefix)}`
    case 'azure':
      return `azure://${joined(spec.account, spec.container, spec.prefix)}`
  }
}

function joined(...parts: string[]): string {
  return parts.filter((part) => part !== '').join('/')
}

/** The store that a text names, or `undefined` where it names none. */
export function storeOfText(text: string): StoreSpec | undefined {
  if (text === 'volume') return { type: 'volume', claim: 'pawl-store' }
  if (text.startsWith('volume:') && text.length > 'volume:'.length)
    return { type: 'volume', claim: text.slice('volume:'.length) }
  if (text.startsWith('dir:/')) return { type: 'directory', path: text.slice('dir:'.length) }
  if (text.startsWith('/')) return { type: 'directory', path: text }
  const url = /^(s3|gs|azure):\/\/([^/?#]+)\/?([^?#]*)$/.exec(text)
  if (url === null) return undefined
  const [, scheme, place = '', rest = ''] = url
  const path = rest.replaceAll(/\/+$/g, '')
  if (path.split('/').includes('..')) return undefined
  if (scheme === 's3') return { type: 's3', bucket: place, prefix: path }
  if (scheme === 'gs') return { type: 'gcs', bucket: place, prefix: path }
  const [container = '', ...prefix] = path.split('/')
  return container === '' ? undefined : { type: 'azure', account: place, container, prefix: prefix.join('/') }
}

const REACH = ['endpoint', 'credentials', 'ca', 'proxy', 'serviceAccount'] as const

function reachOf(value: Record<string, unknown>): Reach {
  const reach: Reach = {}
  for (const field of REACH) {
    const text = textOf(value[field])
    if (text !== undefined && text !== '') reach[field] = text
  }
  const quota = value['quotaBytes']
  return typeof quota === 'number' && quota > 0 ? { ...reach, quotaBytes: quota } : reach
}

/** Reads a store from a resource. Gives what is wrong, in words, where it cannot be read; unknown fields are ignored. */
export function parseStoreSpec(given: unknown): StoreSpec | string {
  const value = recordOf(given)
  const missing = (...fields: string[]): string | undefined =>
    fields.find((field) => textOf(value[field]) === undefined || value[field] === '')
  const text = (field: string): string => textOf(value[field]) ?? ''
  const prefix = text('prefix')
  switch (isRecord(given) ? value['type'] : undefined) {
    case 'volume':
      return missing('claim') === undefined ? { type: 'volume', claim: text('claim') } : needs('claim')
    case 'directory':
      return missing('path') === undefined ? { type: 'directory', path: text('path') } : needs('path')
    case 's3': {
      if (missing('bucket') !== undefined) return needs('bucket')
      const region = textOf(value['region'])
      const known = region === undefined ? {} : { region }
      return { type: 's3', bucket: text('bucket'), prefix, ...known, ...reachOf(value) }
    }
    case 'gcs':
      return missing('bucket') === undefined
        ? { type: 'gcs', bucket: text('bucket'), prefix, ...reachOf(value) }
        : needs('bucket')
    case 'azure': {
      const lacking = missing('account', 'container')
      if (lacking !== undefined) return needs(lacking)
      return { type: 'azure', account: text('account'), container: text('container'), prefix, ...reachOf(value) }
    }
    default:
      return `expected a store of type ${STORE_TYPES.join(', ')}, got ${JSON.stringify(value['type'])}`
  }
}

function needs(field: string): string {
  return `expected a text in "${field}"`
}
