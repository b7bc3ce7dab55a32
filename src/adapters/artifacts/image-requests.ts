// One request to a registry of images: as whom it wants, again where the answer is that it is busy, and what its refusals mean.
import { isPawlError, PawlError } from '../../core/errors.ts'
import type { RegistryLogin } from '../../core/images/login.ts'
import type { Repository } from '../../core/images/name.ts'
import { listOf, recordOf, textOf } from '../../core/json.ts'
import type { Clock } from '../../ports/world.ts'
import { reasonOf, shownUrl } from './http.ts'
import { ociSession, registryUrl, type OciSession } from './oci-session.ts'

export interface RequestOptions {
  /** Who may be allowed to read (or write) this repository, in the order to try; none: nobody in particular. */
  logins: (at: Repository) => Promise<RegistryLogin[]>
  plainHttp: readonly string[]
  clock: Clock
  /** Everything is asked with it, tokens too. */
  through?: typeof fetch
}

export interface ImageRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT'
  /** Below the repository, or a whole address that the registry gave. */
  to: string | URL
  headers?: Record<string, string>
  /** Of a stream there is one attempt. */
  body?: Uint8Array<ArrayBuffer> | ReadableStream
  /** The answer is read here, with its time and its attempts, and is `image-damaged` where it has more than so many bytes. */
  capBytes?: number
  signal?: AbortSignal | undefined
}

/** The answer's body belongs to the caller, who reads or cancels it. */
export type SendTo = (at: Repository, request: ImageRequest) => Promise<Response>

export const ATTEMPTS = 5
const PAUSE_MS = 500
/** Until the head of the answer is there, and where it is read here, all of it. */
const TIMEOUT_MS = 60_000
const BUSY = new Set([429, 500, 502, 503, 504])

/** Docker's own registry is asked by another name than images have. */
const ASKED_AT: Record<string, string> = { 'docker.io': 'registry-1.docker.io' }

/** Gives answers of 2xx, and 404 to who reads; throws `registry-refused` or `registry-unreachable` for all others. */
export function imageRequests({ logins, plainHttp, clock, through = fetch }: RequestOptions): SendTo {
  const sessions = new Map<string, OciSession>()

  async function once(at: Repository, url: URL, base: URL, request: ImageRequest): Promise<Response> {
    const { method, headers = {}, body, capBytes, signal } = request
    const isStream = body instanceof ReadableStream
    // A registry gives who reads a token that does not do for writing.
    const key = `${isReading(request) ? 'read' : 'write'} ${at.host}/${at.path}`
    const session = sessions.get(key) ?? ociSession(base, async () => await logins(at), through)
    sessions.set(key, session)
    let refused: Response | undefined
    return await session.asked(
      url,
      async (authorization) => {
        // Asked again with another login: nobody reads this one.
        await refused?.body?.cancel()
        const limit = new AbortController()
        const late = (): void => limit.abort(new Error(`no answer within ${TIMEOUT_MS / 1000} s`))
        // A stream takes as long as it takes, in both directions.
        const timer = isStream ? undefined : setTimeout(late, TIMEOUT_MS)
        try {
          const response = await through(url, {
            method,
            headers: { ...headers, ...authorization },
            signal: signal === undefined ? limit.signal : AbortSignal.any([signal, limit.signal]),
            ...(body === undefined ? {} : { body, duplex: 'half' }),
          })
          // What was read of a stream cannot be sent again.
          if (isStream && response.status === 401) throw refusal(url, 401, await wordsOf(response))
          if (response.status === 401 || response.status === 403) refused = response
          return capBytes === undefined || !response.ok ? response : await whole(response, url, capBytes)
        } finally {
          clearTimeout(timer)
        }
      },
      signal,
    )
  }

  return async (at, request) => {
    const base = registryUrl(ASKED_AT[at.host] ?? at.host, plainHttp)
    const url = typeof request.to === 'string' ? new URL(`/v2/${at.path}/${request.to}`, base) : request.to
    for (let attempt = 1; ; attempt += 1) {
      const last = attempt >= ATTEMPTS || request.body instanceof ReadableStream
      let why: string
      let cause: unknown
      try {
        const response = await once(at, url, base, request)
        if (response.ok || (response.status === 404 && isReading(request))) return response
        const said = await wordsOf(response)
        if (!BUSY.has(response.status)) throw refusal(url, response.status, said)
        why = `HTTP ${response.status}${said}`
      } catch (thrown) {
        request.signal?.throwIfAborted()
        // Of a stream that ends with an error `fetch` says no more than that it failed.
        const error = thrown instanceof Error && thrown.cause instanceof PawlError ? thrown.cause : thrown
        if (isPawlError(error, 'store-unreadable')) throw notKnown(error)
        if (error instanceof PawlError) throw error
        ;[why, cause] = [reasonOf(error), error]
      }
      if (last) throw unreachable(url, why, cause)
      await clock.sleep(attempt * PAUSE_MS, request.signal)
    }
  }
}

async function whole(response: Response, url: URL, capBytes: number): Promise<Response> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > capBytes) throw damaged(url, { digest: 'a manifest' }, `more than ${capBytes} bytes`)
    chunks.push(chunk)
  }
  return new Response(Buffer.concat(chunks), response)
}

function isReading({ method }: ImageRequest): boolean {
  return method === 'GET' || method === 'HEAD'
}

export function unreachable(url: URL, why: string, cause?: unknown): PawlError {
  return new PawlError({ code: 'registry-unreachable', message: `${shownUrl(url)}: ${why}.`, cause })
}

export function damaged(url: URL, { digest }: { digest: string }, found: string): PawlError {
  return new PawlError({
    code: 'image-damaged',
    message: `${url.host} gives other bytes than were asked for at ${url.pathname}: expected ${digest}, got ${found}.`,
    facts: { registry: url.host, expected: digest, got: found },
  })
}

function refusal(url: URL, status: number, said: string): PawlError {
  return new PawlError({
    code: 'registry-refused',
    message: `${url.host} refuses ${url.pathname} (HTTP ${status}${said}).`,
    facts: { registry: url.host, status },
  })
}

/** It wanted to know who asks, and was not told, or not what it wanted to hear. */
function notKnown(error: PawlError): PawlError {
  return new PawlError({ code: 'registry-refused', message: error.message, cause: error })
}

/** The registry's own first word on it (distribution-spec, "Error codes"), for a message; never more than a line. */
async function wordsOf(response: Response): Promise<string> {
  try {
    const text = (await response.text()).slice(0, 4096)
    const first = recordOf(listOf(recordOf(JSON.parse(text))['errors'])[0])
    const [code, message] = [textOf(first['code']), textOf(first['message'])]
    return [code, message].flatMap((part) => (part === undefined ? [] : `, ${part.slice(0, 200)}`)).join('')
  } catch {
    // It is a help to people and nothing else.
    return ''
  }
}
