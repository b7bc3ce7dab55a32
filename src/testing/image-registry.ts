// A registry of images on loopback, in memory, that does what a real one will not do on command: wants a login, is busy, cuts, lies.
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { INDEX, MANIFEST } from '../core/images/oci.ts'

export interface TestRegistry {
  host: string
  /** By `path@digest`. */
  blobs: Map<string, Buffer>
  /** By `path@digest` and `path:tag`. */
  manifests: Map<string, { mediaType: string; bytes: Buffer }>
  /** `GET /v2/...` and the like, in order. */
  asked: string[]
  /** Those that were given and are still good: for what, and how often they were used. */
  tokens: Map<string, { scope: string; uses: number }>
  /** Where it wants to know who asks. */
  login?: { user: string; password: string }
  /** Tokens are good for so many requests each; absent: for any number. */
  tokenUses?: number
  /** Told of each request but HEAD; what it returns happens to the answer. */
  fault?: (path: string) => Fault | undefined
  close: () => Promise<void>
}

export type Fault =
  /** Sends so many bytes of it, then nothing more. */
  | { cutAfter: number }
  /** Another byte at that place. */
  | { spoilAt: number }
  | { status: number }
  /** Whole, whatever part was asked for. */
  | 'ignores-ranges'

export async function testRegistry(): Promise<TestRegistry> {
  const server = createServer((request, response) => void answer(registry, request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const registry: TestRegistry = {
    tokens: new Map(),
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    blobs: new Map(),
    manifests: new Map(),
    asked: [],
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return registry
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

export interface PutImage {
  digest: string
  mediaType: string
  size: number
  config: string
}

/** An image of these layers; under a tag where one is given. */
export function putImage(
  registry: TestRegistry,
  path: string,
  layers: readonly string[],
  tag?: string,
  mediaType = MANIFEST,
): PutImage {
  const blob = (text: string): { mediaType: string; digest: string; size: number } => {
    const bytes = Buffer.from(text)
    registry.blobs.set(`${path}@${digestOf(bytes)}`, bytes)
    return { mediaType: 'application/octet-stream', digest: digestOf(bytes), size: bytes.length }
  }
  const config = blob(JSON.stringify({ os: 'linux', layers }))
  const document = { schemaVersion: 2, mediaType, config, layers: layers.map(blob) }
  const put = putDocument(registry, path, mediaType, document, tag)
  return { ...put, config: config.digest }
}

export function putIndex(
  registry: TestRegistry,
  path: string,
  images: Record<string, PutImage>,
  tag?: string,
  mediaType = INDEX,
): Omit<PutImage, 'config'> {
  const manifests = Object.entries(images).map(([platform, { digest, mediaType: type, size }]) => {
    const [os, architecture] = platform.split('/')
    return { mediaType: type, digest, size, platform: { os, architecture } }
  })
  return putDocument(registry, path, mediaType, { schemaVersion: 2, mediaType, manifests }, tag)
}

function putDocument(
  { manifests }: TestRegistry,
  path: string,
  mediaType: string,
  document: object,
  tag?: string,
): Omit<PutImage, 'config'> {
  const bytes = Buffer.from(JSON.stringify(document))
  const digest = digestOf(bytes)
  manifests.set(`${path}@${digest}`, { mediaType, bytes })
  if (tag !== undefined) manifests.set(`${path}:${tag}`, { mediaType, bytes })
  return { digest, mediaType, size: bytes.length }
}

async function answer(registry: TestRegistry, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = 'GET', headers } = request
  const url = new URL(request.url ?? '/', `http://${registry.host}`)
  registry.asked.push(`${method} ${url.pathname}`)
  if (url.pathname === '/token') return token(registry, headers.authorization, url.searchParams.get('scope'), response)
  const [, path = '', kind = '', name = ''] = /^\/v2\/(.+)\/(manifests|blobs)\/(.*)$/.exec(url.pathname) ?? []
  const scope = `repository:${path}:${method === 'GET' || method === 'HEAD' ? 'pull' : 'pull,push'}`
  if (registry.login !== undefined && !isGood(registry, headers.authorization, scope)) {
    const challenge = `Bearer realm="http://${registry.host}/token",service="r",scope="${scope}"`
    return void response.writeHead(401, { 'www-authenticate': challenge }).end()
  }
  const key = name.startsWith('sha256:') ? `${path}@${name}` : `${path}:${name}`
  const fault = method === 'HEAD' ? undefined : registry.fault?.(url.pathname)
  if (typeof fault === 'object' && 'status' in fault) return void response.writeHead(fault.status).end()
  if (method === 'POST') {
    return void response.writeHead(202, { location: `/v2/${path}/blobs/uploads/one?state=x` }).end()
  }
  if (method === 'PUT') return await take(registry, request, response, { path, kind, key, url })
  const found = kind === 'manifests' ? registry.manifests.get(key)?.bytes : registry.blobs.get(key)
  if (found === undefined) return void response.writeHead(404).end()
  const type = kind === 'manifests' ? registry.manifests.get(key)?.mediaType : undefined
  send(
    found,
    { type: type ?? 'application/octet-stream', range: headers.range, fault, bodyless: method === 'HEAD' },
    response,
  )
}

function token(
  { login, tokens }: TestRegistry,
  authorization: string | undefined,
  scope: string | null,
  response: ServerResponse,
): void {
  const basic = `Basic ${Buffer.from(`${login?.user}:${login?.password}`).toString('base64')}`
  if (authorization !== basic) return void response.writeHead(401).end()
  const given = `token-${tokens.size}`
  tokens.set(given, { scope: scope ?? '', uses: 0 })
  response.end(JSON.stringify({ token: given }))
}

function isGood({ tokens, tokenUses }: TestRegistry, authorization = '', scope: string): boolean {
  const token = tokens.get(authorization.replace(/^Bearer /, ''))
  if (token?.scope !== scope) return false
  token.uses += 1
  return token.uses <= (tokenUses ?? Infinity)
}

async function take(
  registry: TestRegistry,
  request: IncomingMessage,
  response: ServerResponse,
  { path, kind, key, url }: { path: string; kind: string; key: string; url: URL },
): Promise<void> {
  const bytes = await buffer(request)
  if (kind === 'manifests') {
    const mediaType = request.headers['content-type'] ?? ''
    registry.manifests.set(key, { mediaType, bytes }).set(`${path}@${digestOf(bytes)}`, { mediaType, bytes })
  } else {
    const wanted = url.searchParams.get('digest')
    if (wanted !== digestOf(bytes)) return void response.writeHead(400).end('{"errors":[{"code":"DIGEST_INVALID"}]}')
    registry.blobs.set(`${path}@${wanted}`, bytes)
  }
  response.writeHead(201).end()
}

interface Answer {
  type: string
  range: string | undefined
  fault: Fault | undefined
  bodyless: boolean
}

function send(found: Buffer, { type, range, fault, bodyless }: Answer, response: ServerResponse): void {
  const from = fault === 'ignores-ranges' ? 0 : Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0)
  const bytes = Buffer.from(found)
  if (typeof fault === 'object' && 'spoilAt' in fault) bytes[fault.spoilAt] = (bytes[fault.spoilAt] ?? 0) ^ 1
  const body = bytes.subarray(from)
  response.writeHead(from === 0 ? 200 : 206, { 'content-type': type, 'content-length': body.length })
  if (bodyless) return void response.end()
  if (typeof fault === 'object' && 'cutAfter' in fault)
    return void response.write(body.subarray(0, fault.cutAfter), () => response.destroy())
  response.end(body)
}
