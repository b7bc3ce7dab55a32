// What the store's and the token endpoint's answers mean for somebody who wants a package.
import { isPawlError, PawlError } from '../../core/errors.ts'
import { isRecord, textOf, valueAt } from '../../core/json.ts'

/** The HTTP status of an answer; 0 where there was none. */
export function statusOf(error: unknown): number {
  const candidates = [
    valueAt(plain(error), 'response.status'),
    valueAt(plain(error), 'response.statusCode'),
    valueAt(plain(error), 'code'),
    valueAt(plain(error), 'status'),
  ]
  return candidates.map(Number).find((status) => Number.isInteger(status) && status >= 100 && status < 600) ?? 0
}

/** How long the answer asks to wait; `undefined` where it does not say. */
export function retryAfterMs(error: unknown, now: Date): number | undefined {
  const headers = valueAt(plain(error), 'response.headers')
  const text = headers instanceof Headers ? headers.get('retry-after') : textOf(valueAt(plain(headers), 'retry-after'))
  if (text === null || text === undefined) return undefined
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now.getTime()
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined
}

export function mayPass(error: unknown): boolean {
  if (isPawlError(error)) return false
  const status = statusOf(error)
  return status === 0 ? isConnection(error) : status === 408 || status === 429 || status >= 500
}

// Node's names for a connection that could not be made or did not last (nodejs.org/api/errors.html#common-system-errors).
const CONNECTION = /^(?:ECONN|ENOTFOUND|EAI_AGAIN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ERR_STREAM_PREMATURE_CLOSE)/
/** Those, and what the parser of HTTP and TLS say of an answer that is neither. */
const SYSTEM = /^[A-Z][A-Z0-9_]{3,}$/
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|ERR_TLS/

function isConnection(error: unknown): boolean {
  return codesOf(error).some((code) => CONNECTION.test(code))
}

/** A library wraps the system's error, sometimes twice. */
function codesOf(error: unknown): string[] {
  const codes: string[] = []
  for (let at: unknown = error; isRecord(at) || at instanceof Error; at = plain(at)['cause'] ?? plain(at)['error'])
    codes.push(textOf(plain(at)['code']) ?? '', textOf(plain(at)['type']) ?? '')
  return codes
}

function plain(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

const NOTHING = 'Nothing was put in place.'

/** The error for a person. No answer is quoted or kept as a cause: the library's errors hold the whole request, its token too. */
export function failureOf(error: unknown, where: string, email: string): Error {
  if (isPawlError(error)) return error
  if (error instanceof Error && error.name === 'AbortError') return error
  const known = refusedKey(error, email) ?? refusedAccess(error, where, email) ?? unreachable(error, where)
  // Anything else is a fault of ours, and must not look like one of the network.
  return known ?? (error instanceof Error ? error : new Error(String(error)))
}

function refusedKey(error: unknown, email: string): PawlError | undefined {
  const data = valueAt(plain(error), 'response.data')
  const kind = textOf(valueAt(plain(data), 'error'))
  // RFC 6749 section 5.2; which of the causes it was stands in the description only.
  if (kind !== 'invalid_grant' && kind !== 'invalid_client' && kind !== 'unauthorized_client') return undefined
  const why = textOf(valueAt(plain(data), 'error_description')) ?? ''
  const clock = /\b(?:iat|exp|time|short-lived)\b/i.test(why)
  return new PawlError({
    code: 'package-access',
    message: clock
      ? `the clock of this machine is wrong, or the request took too long: ${email} gets no token (${kind})`
      : `the key of ${email} is not accepted any more (${kind})`,
    unchanged: NOTHING,
    facts: { account: email, reason: clock ? 'clock' : 'key' },
    ...(clock ? { hint: 'Set the clock of this machine right (for example with NTP), then repeat.' } : {}),
  })
}

function refusedAccess(error: unknown, where: string, email: string): PawlError | undefined {
  const status = statusOf(error)
  if (status !== 401 && status !== 403 && status !== 404) return undefined
  const message =
    status === 404
      ? `${where} does not exist, or ${email} may not see it`
      : `${email} may not read ${where} (HTTP ${status})`
  return new PawlError({
    code: 'package-access',
    message,
    unchanged: NOTHING,
    facts: { account: email, status },
  })
}

function unreachable(error: unknown, where: string): PawlError | undefined {
  const status = statusOf(error)
  const codes = codesOf(error)
  const certificate = codes.find((code) => CERTIFICATE.test(code))
  const why = status !== 0 ? `HTTP ${status}` : (certificate ?? codes.find((code) => SYSTEM.test(code)))
  if (why === undefined) return undefined
  return new PawlError({
    code: 'package-unreachable',
    message: `${where} cannot be read (${why})`,
    unchanged: NOTHING,
    facts: status === 0 ? {} : { status },
    ...(certificate === undefined
      ? {}
      : { hint: 'Let NODE_EXTRA_CA_CERTS name the file with the certificate of your own authority, then repeat.' }),
  })
}
