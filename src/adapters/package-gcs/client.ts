// Google's own client for one service account. The key stays in memory: it signs the request for a token, and nothing else sees it.
import { Storage } from '@google-cloud/storage'
import { JWT } from 'google-auth-library'
import type { Readable } from 'node:stream'
import { PawlError } from '../../core/errors.ts'
import { valueAt } from '../../core/json.ts'
import type { PackageObject } from '../../core/package/choose.ts'
import { mayHearSecrets, type ServiceAccount } from '../../core/package/account.ts'

const READ_ONLY = 'https://www.googleapis.com/auth/devstorage.read_only'
/** Where Google's library asks for tokens, whatever the key says. */
const GOOGLE_TOKEN_URL = 'https://oauth2.googleapis.com/token'
const GOOGLE_STORAGE = 'https://storage.googleapis.com'
const TOKEN_TIMEOUT_MS = 30_000

export interface ClientOptions {
  account: ServiceAccount
  project: string
  /** Another store than Google's, for example an emulator; empty for Google's. */
  endpoint?: string
}

/** The beginning of a download's answer. */
export interface Media {
  status: number
  headers: Headers
  body: Readable
}

export interface Client {
  storage: Storage
  /** The bytes of one generation from an offset on. Throws the library's errors, for answers of 400 and more, too. */
  media(bucket: string, object: PackageObject, from: number, signal?: AbortSignal): Promise<Media>
}

/** Throws `input-invalid` for an endpoint that would hear the token in the clear. */
export function openClient({ account, project, endpoint: given = '' }: ClientOptions): Client {
  const endpoint = endpointOf(given)
  if (!mayHearSecrets(endpoint))
    throw new PawlError({
      code: 'input-invalid',
      message: `STORAGE_EMULATOR_HOST names ${JSON.stringify(endpoint)}, which is neither https nor on this machine`,
      unchanged: 'Nothing was downloaded.',
      hint: 'A token would be sent there: use https://, or unset the variable.',
    })
  const authClient = accountClient(account)
  const base = endpoint.replace(/\/+$/, '').replace(/\/storage\/v1$/, '')
  const storage = new Storage({
    authClient,
    projectId: project,
    // Repeating is ours: the library waits neither as long as it is told to nor as short as a person would.
    retryOptions: { autoRetry: false },
    apiEndpoint: base,
    useAuthWithCustomEndpoint: true,
  })
  // Where STORAGE_EMULATOR_HOST is set the library leaves out the path, which emulators want as Google does.
  storage.baseUrl = `${base}/storage/v1`
  return {
    storage,
    // The library's own download passes bytes through five streams and says nothing of the answer's headers before the first one.
    async media(bucket, { name, generation }, from, signal) {
      const url = `${storage.baseUrl}/b/${encodeURIComponent(bucket)}/o/${encodeURIComponent(name)}`
      const { status, headers, data } = await authClient.request<Readable>({
        url,
        params: { alt: 'media', generation },
        headers: { 'cache-control': 'no-store', ...(from > 0 ? { range: `bytes=${from}-` } : {}) },
        responseType: 'stream',
        retry: false,
        ...(signal === undefined ? {} : { signal }),
      })
      return { status, headers, body: data }
    },
  }
}

/** Google's client for Go takes the variable without a scheme (https://pkg.go.dev/cloud.google.com/go/storage): one on this machine, then. */
function endpointOf(given: string): string {
  if (given === '') return GOOGLE_STORAGE
  const onThisMachine = `http://${given}`
  return !given.includes('://') && mayHearSecrets(onThisMachine) ? onThisMachine : given
}

function accountClient({ email, privateKey, tokenUrl }: ServiceAccount): JWT {
  const client = new JWT({
    email,
    key: privateKey.reveal(),
    scopes: [READ_ONLY],
    additionalClaims: { aud: tokenUrl },
  })
  client.transporter.interceptors.request.add({
    resolved: (config) => {
      if (config.url.toString() !== GOOGLE_TOKEN_URL) return Promise.resolve(config)
      config.url = new URL(tokenUrl)
      config.timeout = TOKEN_TIMEOUT_MS
      // Whoever answers for the endpoint must not send the signed request on to somewhere else.
      config.redirect = 'error'
      delete config.retryConfig
      return Promise.resolve(config)
    },
  })
  client.transporter.interceptors.response.add({
    resolved: (response) => {
      const isToken = response.config.url.toString() === new URL(tokenUrl).toString()
      if (!isToken || typeof valueAt(response.data, 'access_token') === 'string') return Promise.resolve(response)
      // Without this the word "undefined" would go to the store as a token.
      throw new PawlError({
        code: 'package-unreachable',
        message: `what answers for ${new URL(tokenUrl).host} gives no token`,
        unchanged: 'Nothing was put in place.',
        hint: 'Check with a browser what stands between here and there: a proxy or a sign-in page, most of the time.',
      })
    },
  })
  return client
}

export { CRC32C } from '@google-cloud/storage'
