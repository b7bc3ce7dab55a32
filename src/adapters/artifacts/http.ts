// Reads from the web for chart sources: a size limit, a time limit, one more attempt where a kept connection was closed, reasons in words.
import { PawlError } from '../../core/errors.ts'

export interface Request {
  url: URL
  headers?: Record<string, string>
  /** More than this is no answer to what was asked. */
  capBytes: number
  signal?: AbortSignal | undefined
  /** Where a proxy is asked that is not everybody's. */
  through?: typeof fetch | undefined
}

export interface Answer {
  status: number
  headers: Headers
  body: Buffer
}

const TIMEOUT_MS = 60_000

/** Whatever status it has. Throws `store-unreadable` where there is no whole answer, or the signal's reason. */
export async function ask(request: Request): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await askOnce(request)
    } catch (error) {
      request.signal?.throwIfAborted()
      if (error instanceof PawlError) throw error
      const closed = ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes(codeOf(error))
      if (!closed || attempt > 1) throw unreadable(request.url, reasonOf(error), error)
    }
  }
}

async function askOnce({ url, headers = {}, capBytes, signal, through = fetch }: Request): Promise<Answer> {
  const limit = AbortSignal.timeout(TIMEOUT_MS)
  const response = await through(url, {
    headers,
    signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
  })
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > capBytes) throw unreadable(url, `it is larger than ${capBytes >> 20} MiB`)
    chunks.push(chunk)
  }
  return { status: response.status, headers: response.headers, body: Buffer.concat(chunks) }
}

/** The body of an answer that must be a good one. Throws `store-unreadable`. */
export async function download(request: Request): Promise<Buffer> {
  const answer = await ask(request)
  if (answer.status >= 200 && answer.status < 300) return answer.body
  throw unreadable(request.url, `HTTP ${answer.status}`)
}

/** For messages: without credentials and without a signed query. */
export function shownUrl(url: URL): string {
  return `${url.origin}${url.pathname}`
}

export function unreadable(url: URL, why: string, cause?: unknown): PawlError {
  return new PawlError({ code: 'store-unreadable', message: `${shownUrl(url)} cannot be read: ${why}.`, cause })
}

export function basicAuth(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

/** fetch hides what happened in the cause. */
function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? error.cause : error
}

function codeOf(error: unknown): string {
  const cause = causeOf(error)
  return cause instanceof Error && 'code' in cause ? String(cause.code) : ''
}

/** In words. */
export function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `no answer within ${TIMEOUT_MS / 1000} s`
  const cause = causeOf(error)
  const code = codeOf(error)
  if (code === 'ECONNREFUSED') return 'connection refused'
  if (code === 'ENOTFOUND') return 'no such host'
  const message = cause instanceof Error ? cause.message : String(cause)
  return code === '' ? message : `${message} (${code})`
}
