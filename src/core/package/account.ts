// A Google service account's key: checked as it comes in, so that nothing is ever sent to a place that is not meant.
import { PawlError } from '../errors.ts'
import { isRecord } from '../json.ts'
import { secret, type Secret } from '../secret.ts'

export interface ServiceAccount {
  email: string
  privateKey: Secret
  /** Where a token is asked for. */
  tokenUrl: string
}

const GOOGLE = 'https://oauth2.googleapis.com/token'

/** `where` is for messages. Throws `input-invalid`; nothing of the text is quoted. */
export function parseServiceAccount(given: unknown, where: string): ServiceAccount {
  const key = typeof given === 'string' ? readJson(given, where) : given
  if (!isRecord(key)) throw wrong(where, 'is no service account key')
  const { client_email: email, private_key: privateKey, token_uri: tokenUrl = GOOGLE } = key
  if (typeof email !== 'string' || !/^[^\s@]+@[^\s@]+$/.test(email)) throw wrong(where, 'has no client_email')
  if (typeof privateKey !== 'string' || !/^-----BEGIN (?:RSA )?PRIVATE KEY-----\s/.test(privateKey))
    throw wrong(where, 'has no private_key in PEM form')
  if (typeof tokenUrl !== 'string' || !mayHearSecrets(tokenUrl))
    throw wrong(where, 'has a token_uri that is neither https nor on this machine')
  return { email, privateKey: secret(privateKey), tokenUrl }
}

/** True for https, and for http on this machine. */
export function mayHearSecrets(url: string): boolean {
  const parsed = URL.parse(url)
  if (parsed === null || parsed.username !== '' || parsed.password !== '') return false
  const { protocol, hostname } = parsed
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname))
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/

function readJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw wrong(where, text.trim() === '' || text.trim() === 'null' ? 'is empty' : 'is no JSON')
  }
}

function wrong(where: string, what: string): PawlError {
  return new PawlError({
    code: 'input-invalid',
    message: `the service account's key in ${where} ${what}`,
    unchanged: 'Nothing was downloaded.',
    hint: 'Use the files of the package that was installed, as the vendor sent them.',
  })
}
