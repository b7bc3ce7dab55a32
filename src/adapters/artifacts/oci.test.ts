// Charts from a registry on loopback that speaks the distribution protocol, with a token endpoint beside it.
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { RegistryLogin } from '../../core/images/login.ts'
import { secret } from '../../core/secret.ts'
import { chartsAt } from './charts-at.ts'
import { chart, codeAndMessage, sha256 } from './charts.fixture.ts'
import { registryLogin } from './oci-login.ts'
import { CHART_CONFIG, CHART_CONTENT } from './oci-registry.ts'
import { readChallenge } from './oci-token.ts'

const LOGIN = `Basic ${Buffer.from('reader:s3cret').toString('base64')}`
let server: Server
let host: string
const blobs = new Map<string, Buffer>()
const manifests = new Map<string, Buffer>()
let asked: string[]
/** `open`, or how the registry asks for a login. */
let door: 'open' | 'basic' | 'token'
let pageSize: number
let spoil: ((path: string, body: Buffer) => Buffer) | undefined

function put(bytes: Buffer): string {
  const digest = `sha256:${sha256(bytes)}`
  blobs.set(digest, bytes)
  return digest
}

function push(repository: string, tag: string, bytes: Buffer, config: object, over: object = {}): void {
  const manifest = {
    schemaVersion: 2,
    config: { mediaType: CHART_CONFIG, digest: put(Buffer.from(JSON.stringify(config))), size: 1 },
    layers: [{ mediaType: CHART_CONTENT, digest: put(bytes), size: bytes.length }],
    annotations: { 'org.opencontainers.image.created': '2026-07-23T15:20:00Z' },
    ...over,
  }
  manifests.set(`${repository}:${tag}`, Buffer.from(JSON.stringify(manifest)))
}

function authorised({ headers }: IncomingMessage): boolean {
  if (door === 'open') return true
  return headers.authorization === (door === 'basic' ? LOGIN : 'Bearer good-for-carto')
}

beforeEach(async () => {
  blobs.clear()
  manifests.clear()
  asked = []
  door = 'open'
  pageSize = 100
  spoil = undefined
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://registry')
    asked.push(`${url.pathname}${url.search}`)
    if (url.pathname === '/token') {
      if (request.headers.authorization !== LOGIN) return void response.writeHead(401).end()
      return void response.end(JSON.stringify({ token: `good-for-${url.searchParams.get('scope')}` }))
    }
    if (!authorised(request)) {
      const challenge =
        door === 'basic' ? 'Basic realm="here"' : `Bearer realm="http://${host}/token",service="r",scope="carto"`
      return void response.writeHead(401, { 'www-authenticate': challenge }).end()
    }
    const [, repository = '', kind, name = ''] = /^\/v2\/(.+)\/(tags|manifests|blobs)\/(.+)$/.exec(url.pathname) ?? []
    if (kind === 'tags') {
      const tags = [...manifests.keys()]
        .filter((key) => key.startsWith(`${repository}:`))
        .map((key) => key.split(':')[1] ?? '')
      const from = Number(url.searchParams.get('from') ?? 0)
      const more = tags.length > from + pageSize
      const link = more ? { link: `</v2/${repository}/tags/list?from=${from + pageSize}>; rel="next"` } : {}
      if (tags.length === 0) return void response.writeHead(404).end()
      return void response.writeHead(200, link).end(JSON.stringify({ tags: tags.slice(from, from + pageSize) }))
    }
    const body = kind === 'blobs' ? blobs.get(name) : manifests.get(`${repository}:${name}`)
    if (body === undefined) return void response.writeHead(404).end()
    const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`
    response.writeHead(200, { 'docker-content-digest': digest }).end(spoil?.(url.pathname, body) ?? body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(() => {
  server.close()
  server.closeAllConnections()
})

const config = (version: string, appVersion: string): object => ({ name: 'carto', version, appVersion })

test('versions are listed with what their charts say, and fetched by digest', async () => {
  const bytes = chart('1.280.1')
  push('charts/carto', '1.280.1', bytes, { ...config('1.280.1', '2026.7.16'), annotations: { minVersion: '2026.4.1' } })
  push('charts/carto', '1.281.0_build.7', chart('1.281.0+build.7'), config('1.281.0+build.7', '2026.8.11'))
  push('charts/carto', 'latest', bytes, config('1.280.1', '2026.7.16'))
  push('charts/carto', '1.0.0', bytes, config('1.0.0', 'an image'), {
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: put(bytes), size: 1 },
  })
  const charts = await chartsAt(`oci://${host}/charts`)
  expect(await charts.list('carto')).toEqual([
    {
      name: 'carto',
      version: '1.280.1',
      appVersion: '2026.7.16',
      annotations: { minVersion: '2026.4.1' },
      created: '2026-07-23T15:20:00.000Z',
      digest: sha256(bytes),
    },
    expect.objectContaining({ version: '1.281.0+build.7', appVersion: '2026.8.11' }),
  ])
  expect(await charts.fetch('carto', '1.280.1')).toMatchObject({ digest: sha256(bytes), entry: { version: '1.280.1' } })
  expect((await charts.fetch('carto', '1.281.0+build.7')).entry.version).toBe('1.281.0+build.7')
  expect(await codeAndMessage(charts.fetch('carto', '1.1.1'))).toEqual([
    'target-unknown',
    expect.stringContaining('1.280.1'),
  ])
  expect((await codeAndMessage(charts.list('other')))[0]).toBe('target-unknown')
})

test('the address may name the chart itself', async () => {
  push('vendor/carto', '1.2.3', chart('1.2.3'), config('1.2.3', '2026.1.7'))
  expect(await (await chartsAt(`oci://${host}/vendor/carto`)).list('carto')).toHaveLength(1)
})

test('a list of many pages is read to its end', async () => {
  pageSize = 2
  for (const minor of [1, 2, 3, 4, 5])
    push('carto', `1.${minor}.0`, chart(`1.${minor}.0`), config(`1.${minor}.0`, '2026.1.7'))
  expect(await (await chartsAt(`oci://${host}/carto`)).list('carto')).toHaveLength(5)
})

test.each(['basic', 'token'] as const)(
  'a registry that asks for a login by %s gets it, and the token is used again',
  async (kind) => {
    door = kind
    push('carto', '1.2.3', chart('1.2.3'), config('1.2.3', '2026.1.7'))
    const login = async (): Promise<RegistryLogin> => ({ user: 'reader', password: secret('s3cret') })
    const charts = await chartsAt(`oci://${host}/carto`, { login })
    expect(await charts.list('carto')).toHaveLength(1)
    expect((await charts.fetch('carto', '1.2.3')).entry.version).toBe('1.2.3')
    expect(asked.filter((path) => path.startsWith('/token'))).toEqual(
      kind === 'token' ? ['/token?service=r&scope=carto'] : [],
    )
    const wrong = await chartsAt(`oci://${host}/carto`, {
      login: async () => ({ user: 'reader', password: secret('wr0ng') }),
    })
    const [code, message] = await codeAndMessage(wrong.list('carto'))
    expect(code).toBe('store-unreadable')
    expect(message).not.toMatch(/wr0ng|reader/)
  },
)

test('without a login it is said how to log in', async () => {
  door = 'basic'
  expect(await codeAndMessage((await chartsAt(`oci://${host}/carto`)).list('carto'))).toEqual([
    'store-unreadable',
    expect.stringContaining('no login'),
  ])
})

test('a password does not leave an encrypted registry in the clear', async () => {
  let given = false
  const refusal = await codeAndMessage(
    readChallenge(new URL('https://registry.example'), `Bearer realm="http://${host}/token"`, async () => {
      given = true
      return { user: 'reader', password: secret('s3cret') }
    }),
  )
  expect(refusal).toEqual(['store-unreadable', expect.stringContaining('not sent')])
  expect([given, asked]).toEqual([false, []])
})

test.each([
  ['archive', (path: string) => path.includes('/blobs/'), 'fetch'],
  ['configuration', (path: string) => path.includes('/blobs/'), 'list'],
  ['manifest', (path: string) => path.includes('/manifests/'), 'list'],
] as const)('a tampered %s is refused', async (_, matches, how) => {
  push('carto', '1.2.3', chart('1.2.3'), config('1.2.3', '2026.1.7'))
  spoil = (path, body) => (matches(path) ? Buffer.from(body.toString('latin1').replace('1', '2'), 'latin1') : body)
  const charts = await chartsAt(`oci://${host}/carto`)
  const work = how === 'list' ? charts.list('carto') : charts.fetch('carto', '1.2.3')
  expect(await codeAndMessage(work)).toEqual(['input-invalid', expect.stringContaining('tampered')])
})

test('a tag whose archive is another version is refused', async () => {
  push('carto', '1.2.4', chart('1.2.3'), config('1.2.4', '2026.1.7'))
  expect(await codeAndMessage((await chartsAt(`oci://${host}/carto`)).fetch('carto', '1.2.4'))).toEqual([
    'input-invalid',
    expect.stringContaining('got carto 1.2.3'),
  ])
})

test('logins are found where Helm keeps them, then where Docker does', async () => {
  const home = await mkdtemp(join(tmpdir(), 'login-'))
  const auth = (login: string): string => Buffer.from(login).toString('base64')
  await mkdir(join(home, '.docker'))
  await mkdir(join(home, '.config', 'helm', 'registry'), { recursive: true })
  const docker = { auths: { 'a.example': { auth: auth('d:1') }, 'https://b.example': { auth: auth('d:x:y') } } }
  await writeFile(join(home, '.docker', 'config.json'), JSON.stringify(docker))
  const env = { HOME: home }
  const loginTo = async (to: string): Promise<string | undefined> => {
    const login = await registryLogin(to, env)
    return login === undefined ? undefined : `${login.user}:${login.password.reveal()}`
  }
  expect(await loginTo('a.example')).toBe('d:1')
  expect(await loginTo('b.example')).toBe('d:x:y')
  expect(await loginTo('c.example')).toBeUndefined()
  const helm = join(home, '.config', 'helm', 'registry', 'config.json')
  await writeFile(helm, JSON.stringify({ auths: { 'a.example': { auth: auth('h:2') } } }))
  expect(await loginTo('a.example')).toBe('h:2')
  await writeFile(helm, 'not JSON')
  expect(await loginTo('a.example')).toBe('d:1')
  await rm(home, { recursive: true })
})
