// One HTTP request to the API server: nothing but bytes, time limits and connection errors.
import type { Agent as HttpAgent, IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { Credentials } from './credentials.ts'

// Importing node:http as a module makes Node load its whole fetch client (40 ms): its namespace has a getter for it.
const { request: httpRequest } = process.getBuiltinModule('node:http')

export interface ApiRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Path with query, for example `/api/v1/namespaces/a/pods?limit=250`. */
  path: string
  body?: unknown
  contentType?: string
  accept?: string
  /** For the whole answer; for a stream, until its head has come. */
  timeoutMs: number
  signal?: AbortSignal | undefined
}

export interface ApiResponse {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
}

/** The connection failed. `sent` is false where the server certainly saw nothing of the request. */
export class ConnectionError extends Error {
  readonly sent: boolean
  readonly code: string
  constructor(message: string, code: string, sent: boolean, cause: unknown) {
    super(message, { cause })
    this.name = 'ConnectionError'
    this.code = code
    this.sent = sent
  }
}

/** Errors that come before a byte of the request has left. */
const NOT_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
])

export class Transport {
  readonly #base: URL
  readonly #credentials: Credentials

  constructor(server: string, credentials: Credentials) {
    this.#base = new URL(server)
    this.#credentials = credentials
  }

  /** The whole answer. Throws ConnectionError, or the signal's reason. */
  async call(request: ApiRequest): Promise<ApiResponse> {
    const limit = new Deadline(request)
    try {
      const response = await this.#open(request, limit, await this.#credentials.agent())
      const chunks: Buffer[] = []
      for await (const chunk of response) chunks.push(chunk as Buffer)
      if (!response.complete) throw connectionError(limit.error ?? new Error('the answer was cut off'))
      return {
        status: response.statusCode ?? 0,
        headers: response.headers,
        text: Buffer.concat(chunks).toString('utf8'),
      }
    } catch (error) {
      request.signal?.throwIfAborted()
      throw connectionError(limit.error ?? error)
    } finally {
      limit.clear()
    }
  }

  /** The answer as it comes. The caller reads it to the end or destroys it; the signal destroys it too. */
  async open(request: ApiRequest): Promise<IncomingMessage> {
    const limit = new Deadline(request)
    try {
      // A stream may last for hours: it gets a connection of its own and takes none from the requests.
      return await this.#open(request, limit, ownAgent(await this.#credentials.agent()))
    } catch (error) {
      request.signal?.throwIfAborted()
      throw connectionError(limit.error ?? error)
    } finally {
      limit.clear()
    }
  }

  forgetCredentials(): void {
    this.#credentials.forget()
  }

  close(): void {
    this.#credentials.close()
  }

  async #open(request: ApiRequest, limit: Deadline, agent: HttpAgent | HttpsAgent): Promise<IncomingMessage> {
    request.signal?.throwIfAborted()
    const body = request.body === undefined ? undefined : JSON.stringify(request.body)
    const headers: Record<string, string> = {
      accept: request.accept ?? 'application/json',
      'user-agent': 'pawl',
      ...(await this.#credentials.headers()),
      ...(body === undefined
        ? {}
        : {
            'content-type': request.contentType ?? 'application/json',
            'content-length': String(Buffer.byteLength(body)),
          }),
    }
    const start = this.#base.protocol === 'http:' ? httpRequest : httpsRequest
    const path = this.#base.pathname.replace(/\/$/, '') + request.path
    return await new Promise((resolve, reject) => {
      const outgoing = start(
        {
          hostname: this.#base.hostname.replace(/^\[|\]$/g, ''),
          port: this.#base.port,
          path,
          method: request.method,
          headers,
          agent,
        },
        resolve,
      )
      outgoing.on('error', reject)
      limit.arm((error) => outgoing.destroy(error))
      outgoing.end(body)
    })
  }
}

/** The same certificates and proxy, one connection. */
function ownAgent(agent: HttpAgent | HttpsAgent): HttpAgent | HttpsAgent {
  const options = { ...(agent as HttpsAgent).options, keepAlive: false, maxSockets: 1 }
  if (agent instanceof HttpsAgent && agent.constructor === HttpsAgent) return new HttpsAgent(options)
  // An agent of another make, for example a proxy's: its own rules hold.
  return agent
}

/** Ends a request when its time is up or its signal aborts. */
class Deadline {
  error: Error | undefined
  readonly #request: ApiRequest
  #timer: NodeJS.Timeout | undefined
  #onAbort: (() => void) | undefined

  constructor(request: ApiRequest) {
    this.#request = request
  }
  arm(destroy: (error: Error) => void): void {
    const { signal, timeoutMs } = this.#request
    this.#timer = setTimeout(() => {
      this.error = Object.assign(new Error(`no answer within ${timeoutMs / 1000} s`), { code: 'ETIMEDOUT' })
      destroy(this.error)
    }, timeoutMs)
    this.#onAbort = () => destroy(new Error('aborted'))
    if (signal?.aborted === true) this.#onAbort()
    else signal?.addEventListener('abort', this.#onAbort, { once: true })
  }
  clear(): void {
    clearTimeout(this.#timer)
    if (this.#onAbort !== undefined) this.#request.signal?.removeEventListener('abort', this.#onAbort)
  }
}

function connectionError(error: unknown): Error {
  // An error that is ours already (a refused credential program, say) goes through as it is.
  if (error instanceof ConnectionError || (error instanceof Error && error.name === 'PawlError')) return error
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN'
  const message = error instanceof Error && error.message !== '' ? error.message : code
  return new ConnectionError(message, code, !NOT_SENT.has(code), error)
}
