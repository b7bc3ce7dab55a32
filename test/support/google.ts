// What stands between Pawl and the vendor's bucket, on loopback: a token endpoint that checks the signed request as Google does, and
// a store that wants the token, with the real fake-gcs-server behind it. Either can be told to fail in ways a real one does not on command.
import { createVerify, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'

/** Answers a request instead of the store; `pass` hands it on, and may change what comes back. */
export type Fault = (request: IncomingMessage, response: ServerResponse, pass: () => Promise<Answer>) => Promise<void>

export interface Answer {
  status: number
  headers: Record<string, string>
  body: Buffer
}

export interface Google {
  /** For STORAGE_EMULATOR_HOST. */
  endpoint: string
  tokenUrl: string
  /** Of the store behind it, which wants no token. */
  store: string
  /** As a package's key file has it; each call makes another account with a key of its own. */
  account(email?: string): { json: string; privateKey: string }
  /** An Authorization header that the store takes. */
  token(): string
  /** The account's key counts no more. */
  revoke(email: string): void
  /** Faults for the requests to come, one each; those of a kind that is not named go through. */
  fail(kind: 'token' | 'list' | 'media', ...faults: Fault[]): void
  /** What this machine's clock is ahead of Google's. */
  clockAheadMs: number
  /** Requests so far: `POST /token`, `GET /storage/v1/...`, with the range where there was one. */
  requests: string[]
  reset(): void
  stop(): Promise<void>
}

const SKEW_MS = 5 * 60_000
const SCOPE = 'https://www.googleapis.com/auth/devstorage.read_only'

export async function startGoogle(store: string, tls?: { key: string; cert: string }): Promise<Google> {
  const keys = new Map<string, KeyObject>()
  const tokens = new Set<string>()
  const faults = { token: [] as Fault[], list: [] as Fault[], media: [] as Fault[] }
  const requests: string[] = []

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '/'
    const kind = path === '/token' ? 'token' : path.includes('alt=media') ? 'media' : 'list'
    const range = request.headers.range
    requests.push(`${request.method} ${path.split('?')[0]}${range === undefined ? '' : ` ${range}`}`)
    const body = await bodyOf(request)
    const pass = async (): Promise<Answer> =>
      kind === 'token'
        ? token(body)
        : await forward(request, path, tokens.has(request.headers.authorization ?? ''), store)
    const fault = faults[kind].shift()
    if (fault === undefined) reply(response, await pass())
    else await fault(request, response, pass)
  }

  function token(body: string): Answer {
    const [header = '', payload = '', signature = ''] = (new URLSearchParams(body).get('assertion') ?? '').split('.')
    const claims = jsonOf(payload)
    const key = keys.get(String(claims['iss']))
    const signed = createVerify('RSA-SHA256').update(`${header}.${payload}`)
    if (jsonOf(header)['alg'] !== 'RS256' || key === undefined || !signed.verify(key, signature, 'base64url'))
      return grantError('Invalid JWT Signature.')
    const now = Date.now() - google.clockAheadMs
    const [issued, expires] = [Number(claims['iat']) * 1000, Number(claims['exp']) * 1000]
    if (issued > now + SKEW_MS || expires < now - SKEW_MS || expires - issued > 3_600_000)
      return grantError(
        'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.',
      )
    if (claims['aud'] !== google.tokenUrl || claims['scope'] !== SCOPE) return grantError('Invalid audience or scope.')
    return json(200, { access_token: google.token().slice('Bearer '.length), expires_in: 3599, token_type: 'Bearer' })
  }

  const server = tls === undefined ? createServer() : createTlsServer(tls)
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    handle(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const endpoint = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`
  const google: Google = {
    endpoint,
    tokenUrl: `${endpoint}/token`,
    store,
    clockAheadMs: 0,
    requests,
    account(email = `pawl-${keys.size}@test.iam.gserviceaccount.com`) {
      const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
      keys.set(email, publicKey)
      const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
      const key = {
        type: 'service_account',
        project_id: 'test',
        private_key_id: 'k1',
        private_key: pem,
        client_email: email,
      }
      return { json: JSON.stringify({ ...key, token_uri: google.tokenUrl }), privateKey: pem }
    },
    token() {
      const header = `Bearer ya29.${tokens.size}.${Math.random().toString(36).slice(2)}`
      tokens.add(header)
      return header
    },
    revoke: (email) => void keys.delete(email),
    fail: (kind, ...more) => void faults[kind].push(...more),
    reset() {
      for (const kind of ['token', 'list', 'media'] as const) faults[kind].length = 0
      google.clockAheadMs = 0
      requests.length = 0
    },
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return google
}

async function forward(request: IncomingMessage, path: string, allowed: boolean, store: string): Promise<Answer> {
  if (!allowed) return json(401, { error: { code: 401, message: 'Invalid Credentials' } })
  const range = request.headers.range
  const answer = await fetch(`${store}${path}`, range === undefined ? {} : { headers: { range } })
  const headers = Object.fromEntries(
    [...answer.headers].filter(([name]) => !['content-length', 'transfer-encoding', 'connection'].includes(name)),
  )
  return { status: answer.status, headers, body: Buffer.from(await answer.arrayBuffer()) }
}

export function reply(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, { ...headers, 'content-length': body.length })
  response.end(body)
}

/** An answer of its own, every time it comes up. */
export function answerWith(status: number, body: string, headers: Record<string, string> = {}): Fault {
  return (_request, response) => {
    reply(response, { status, headers: { 'content-type': 'application/json', ...headers }, body: Buffer.from(body) })
    return Promise.resolve()
  }
}

/** The store's own answer, whose connection ends after a part of it. */
export function cutAt(part: number): Fault {
  return async (_request, response, pass) => {
    const { status, headers, body } = await pass()
    response.writeHead(status, { ...headers, 'content-length': body.length })
    response.write(body.subarray(0, Math.floor(body.length * part)))
    await new Promise((resolve) => setTimeout(resolve, 30))
    response.destroy()
  }
}

/** The store's own answer, changed. */
export function changedBy(change: (answer: Answer) => Answer): Fault {
  return async (_request, response, pass) => reply(response, change(await pass()))
}

function grantError(description: string): Answer {
  return json(400, { error: 'invalid_grant', error_description: description })
}

function json(status: number, value: unknown): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(value)) }
}

function jsonOf(text: string): Record<string, unknown> {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as Record<string, unknown>
  } catch {
    return {}
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}
