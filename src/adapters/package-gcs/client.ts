// Google's own client for one service account. The key stays in memory: it signs the request for a token, and nothing else sees it.
import { Storage } from '@google-cloud/storage'
import { JWT } from 'google-auth-library'
import { PawlError } from '../../core/errors.ts'
import { valueAt } from '../../core/json.ts'
import { mayHearSecrets, type ServiceAccount } from '../../core/package/account.ts'

const READ_ONLY = 'https://www.googleapis.com/auth/devstorage.read_only'
/** Where Google's library asks for tokens, whatever the key says. */
const GOOGLE_TOKEN_URL = 'https://oauth2.googleapis.com/token'
const TOKEN_TIMEOUT_MS = 30_000

export interface ClientOptions {
  account: ServiceAccount
  project: string
  /** Another store than Google's, for example an emulator. */
  endpoint?: string
}

/** Throws `input-invalid` for an endpoint that would hear the token in the clear. */
export function storageClient({ account, project, endpoint }: ClientOptions): Storage {
  if (endpoint !== undefined && !mayHearSecrets(endpoint))
    throw new PawlError({
      code: 'input-invalid',
      message: `STORAGE_EMULATOR_HOST names ${JSON.stringify(endpoint)}, which is neither https nor on this machine`,
      unchanged: 'Nothing was downloaded.',
      hint: 'A token would be sent there: use https://, or unset the variable.',
    })
  const authClient = new JWT({
    email: account.email,
    key: account.privateKey.reveal(),
    scopes: [READ_ONLY],
    additionalClaims: { aud: account.tokenUrl },
  })
  authClient.transporter.interceptors.request.add({
    resolved: (config) => {
      if (config.url.toString() === GOOGLE_TOKEN_URL) config.url = new URL(account.tokenUrl)
      config.timeout = TOKEN_TIMEOUT_MS
      // Whoever answers for the endpoint must not send the signed request on to somewhere else.
      config.redirect = 'error'
      delete config.retryConfig
      return Promise.resolve(config)
    },
  })
  authClient.transporter.interceptors.response.add({
    resolved: (response) => {
      if (typeof valueAt(response.data, 'access_token') === 'string') return Promise.resolve(response)
      // Without this the word "undefined" would go to the store as a token.
      throw new PawlError({
        code: 'package-unreachable',
        message: `what answers for ${new URL(account.tokenUrl).host} gives no token`,
        unchanged: 'Nothing was put in place.',
        hint: 'Check with a browser what stands between here and there: a proxy or a sign-in page, most of the time.',
      })
    },
  })
  const base = endpoint?.replace(/\/+$/, '').replace(/\/storage\/v1$/, '')
  const storage = new Storage({
    authClient,
    projectId: project,
    // Repeating is ours: the library waits neither as long as it is told to nor as short as a person would.
    retryOptions: { autoRetry: false },
    ...(base === undefined ? {} : { apiEndpoint: base, useAuthWithCustomEndpoint: true }),
  })
  // Where STORAGE_EMULATOR_HOST is set the library leaves out the path, which emulators want as Google does.
  if (base !== undefined) storage.baseUrl = `${base}/storage/v1`
  return storage
}

export { CRC32C } from '@google-cloud/storage'
