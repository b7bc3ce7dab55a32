// The --store options of pawl init: texts, checked here once.
import { resolve } from 'node:path'
import { PawlError } from '../../core/errors.ts'
import { isRemote, storeOfText, type Reach, type StoreSpec } from '../../core/store/spec.ts'
import { bytesOfText } from './size-option.ts'
import { textOption, type OptionDefinition, type Options } from './define.ts'

export const STORE_FORMS =
  'volume[:CLAIM], s3://BUCKET/PREFIX, gs://BUCKET/PREFIX, azure://ACCOUNT/CONTAINER/PREFIX or DIR'

/** How a store across the network is reached; the same for all three kinds. */
export const REACH_OPTIONS: OptionDefinition[] = [
  { flags: '--store-endpoint <url>', text: 'service that is not the cloud itself, for example MinIO' },
  { flags: '--store-region <name>', text: 's3: region (default: what the environment says)' },
  { flags: '--store-credentials <secret>', text: 'Secret with static credentials (default: workload identity)' },
  { flags: '--store-ca <secret>', text: 'Secret with ca.crt: authorities to trust beside the usual ones' },
  { flags: '--store-proxy <url>', text: 'proxy for data Jobs' },
  { flags: '--store-service-account <name>', text: 'ServiceAccount of data Jobs, for workload identity' },
  { flags: '--store-quota <size>', text: 'what the store may hold, for example 500G; backups are refused beyond it' },
]

function invalid(message: string): PawlError {
  return new PawlError({ code: 'input-invalid', message, unchanged: 'Nothing was changed.' })
}

/** Where the option was not given, how the given store is reached is not asked for either. Throws `input-invalid`. */
export function parseStoreOption(options: Options, name: 'store' | 'from' = 'store'): StoreSpec | undefined {
  const text = textOption(options, name)
  if (text === undefined) return undefined
  const store = storeOfText(text)
  if (store === undefined) throw invalid(`--${name} takes ${STORE_FORMS}, got "${text}"`)
  return withReach(store, options)
}

/** As part of a command, where a directory may also be named from where one is. Throws `input-invalid`. */
export function storeNamed(text: string, options: Options): StoreSpec {
  const store = storeOfText(text)
  if (store !== undefined) return withReach(store, options)
  if (/^[a-z0-9]+:/.test(text)) throw invalid(`expected ${STORE_FORMS}, got "${text}"`)
  return withReach({ type: 'directory', path: resolve(text) }, options)
}

function withReach(store: StoreSpec, options: Options): StoreSpec {
  const reach = reachOf(options)
  const region = textOption(options, 'storeRegion')
  if (!isRemote(store)) {
    if (saysHowToReach(options))
      throw invalid(`a store of type ${store.type} is not reached across the network: leave the --store-* options out`)
    return store
  }
  if (region !== undefined && store.type !== 's3') throw invalid('--store-region is for s3')
  return { ...store, ...reach, ...(store.type === 's3' && region !== undefined ? { region } : {}) }
}

const REACH_FIELDS = ['endpoint', 'credentials', 'ca', 'proxy', 'serviceAccount'] as const

function storeOption(options: Options, field: string): string | undefined {
  return textOption(options, `store${field.charAt(0).toUpperCase()}${field.slice(1)}`)
}

/** Whether any of `REACH_OPTIONS` was given. */
export function saysHowToReach(options: Options): boolean {
  return [...REACH_FIELDS, 'region', 'quota'].some((field) => storeOption(options, field) !== undefined)
}

function reachOf(options: Options): Reach {
  const reach: Reach = {}
  for (const field of REACH_FIELDS) {
    const value = storeOption(options, field)
    if (value !== undefined) reach[field] = value
  }
  for (const url of [reach.endpoint, reach.proxy]) if (url !== undefined) checkUrl(url)
  const quota = textOption(options, 'storeQuota')
  return quota === undefined ? reach : { ...reach, quotaBytes: bytesOfText(quota) }
}

/** The Installation is readable by many: credentials belong in the Secret. */
function checkUrl(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw invalid(`expected an http or https URL, got "${text}"`)
  if (url.username !== '' || url.password !== '')
    throw invalid(`the URL of ${url.host} must not hold a user or password: the Installation is no secret`)
}
