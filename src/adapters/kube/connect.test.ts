// Against a small HTTP server that misbehaves on command; the real API server is in test/conformance.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type PawlError, isPawlError } from '../../core/errors.ts'
import { connect, type ConnectedCluster, type Tuning } from './connect.ts'

type Handler = (request: IncomingMessage, response: ServerResponse, count: number) => void

const POD = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'n', resourceVersion: '7' } }
const REF = { apiVersion: 'v1', kind: 'Pod', name: 'p', namespace: 'n' }
const QUICK: Tuning = { requestTimeoutMs: 500, retry: { totalMs: 1_000, firstContactMs: 1_000, firstWaitMs: 5 } }

let folder: string
let server: Server
let seen: { method: string; url: string; headers: IncomingMessage['headers'] }[]
let handler: Handler
const open: ConnectedCluster[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kube-test-'))
  seen = []
  server = createServer((request, response) => {
    seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers })
    request.resume().on('end', () => handler(request, response, seen.length))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  for (const cluster of open.splice(0)) cluster.close()
  server.closeAllConnections()
  server.close()
  await rm(folder, { recursive: true })
})

function json(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

function failure(
  response: ServerResponse,
  status: number,
  message: string,
  headers: Record<string, string> = {},
): void {
  json(response, status, { kind: 'Status', status: 'Failure', message, code: status }, headers)
}

async function connected(user: unknown = { token: 'T' }, tuning: Tuning = QUICK): Promise<ConnectedCluster> {
  const { port } = server.address() as AddressInfo
  const path = join(folder, 'config')
  const config = {
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'c', user: 'u', namespace: 'own' } }],
    clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}/prefix` } }],
    users: [{ name: 'u', user }],
  }
  await writeFile(path, JSON.stringify(config))
  const cluster = connect({ kubeconfig: path, tuning })
  open.push(cluster)
  return cluster
}

async function errorOf(work: Promise<unknown>): Promise<PawlError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!isPawlError(error)) throw new Error(`expected a PawlError, got ${String(error)}`)
  return error
}

test('requests go to the right place, with the token, and say who writes', async () => {
  handler = (_request, response) => json(response, 200, POD)
  const cluster = await connected()
  expect(cluster.where).toMatchObject({ context: 'test', namespace: 'own' })
  await cluster.get({ apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' })
  await cluster.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'x' } }, { dryRun: true, manager: 'helm' })
  await cluster.patch(REF, { type: 'merge', body: {} }, { subresource: 'status' })
  expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
    'GET /prefix/apis/apps/v1/namespaces/own/deployments/d',
    'POST /prefix/api/v1/nodes?fieldManager=helm&dryRun=All',
    'PATCH /prefix/api/v1/namespaces/n/pods/p/status?fieldManager=pawl',
  ])
  expect(seen[0]?.headers).toMatchObject({ authorization: 'Bearer T' })
})

test('a read is tried again through failures of the server and of the connection', async () => {
  handler = (request, response, count) => {
    if (count === 1) failure(response, 503, 'starting')
    else if (count === 2) request.socket.destroy()
    else if (count === 3)
      response.writeHead(200, { 'content-length': '999' }).write('{"cut', () => request.socket.destroy())
    else if (count === 4) failure(response, 500, 'etcdserver: leader changed')
    else json(response, 200, POD)
  }
  expect(await (await connected()).get(REF)).toEqual(POD)
  expect(seen).toHaveLength(5)
})

test('a write whose answer is lost is never sent again, and says that its outcome is unknown', async () => {
  handler = (request) => request.socket.destroy()
  const cluster = await connected()
  for (const work of [
    () => cluster.create(POD),
    () => cluster.replace(POD),
    () => cluster.patch(REF, { type: 'json', body: [] }),
  ]) {
    const before = seen.length
    const error = await errorOf(work())
    expect([error.code, error.facts.outcome, seen.length - before]).toEqual(['cluster-unreachable', 'unknown', 1])
  }
})

test('a write that the server failed at is not sent again either', async () => {
  handler = (_request, response) => failure(response, 504, 'timed out')
  const error = await errorOf((await connected()).create(POD))
  expect([error.code, error.facts.outcome, seen.length]).toEqual(['cluster-unreachable', 'unknown', 1])
})

test('too many requests means not done: even a create is sent again, after the time the server names', async () => {
  handler = (_request, response, count) =>
    count === 1 ? failure(response, 429, 'slow down', { 'retry-after': '0.2' }) : json(response, 201, POD)
  const before = performance.now()
  expect(await (await connected()).create(POD)).toEqual(POD)
  expect(performance.now() - before).toBeGreaterThanOrEqual(195)
})

test('applying and merging are repeatable; a merge that names a version is not', async () => {
  handler = (_request, response, count) => (count % 2 === 1 ? failure(response, 500, 'x') : json(response, 200, POD))
  const cluster = await connected()
  expect(await cluster.apply(POD, {})).toEqual(POD)
  expect(await cluster.patch(REF, { type: 'merge', body: {} })).toEqual(POD)
  expect(
    (await errorOf(cluster.patch(REF, { type: 'merge', body: { metadata: { resourceVersion: '7' } } }))).code,
  ).toBe('cluster-unreachable')
})

test('what was removed by a request whose answer was lost counts as removed', async () => {
  handler = (request, response, count) =>
    count === 1 ? request.socket.destroy() : failure(response, 404, 'pods "p" not found')
  const cluster = await connected()
  expect(await cluster.remove(REF)).toBe(true)
  expect(await cluster.remove(REF)).toBe(false)
})

test('a server that never answers is given up after the time allowed', async () => {
  handler = () => {}
  const cluster = await connected(undefined, {
    requestTimeoutMs: 50,
    retry: { totalMs: 200, firstContactMs: 200, firstWaitMs: 5 },
  })
  const before = performance.now()
  const error = await errorOf(cluster.get(REF))
  expect(error.message).toContain('no answer within 0.05 s')
  expect(performance.now() - before).toBeLessThan(2_000)
  expect(seen.length).toBeGreaterThan(1)
})

test('a refused connection is said within seconds, with the address', async () => {
  const cluster = await connected()
  server.close()
  server.closeAllConnections()
  const error = await errorOf(cluster.get(REF))
  expect(error.code).toBe('cluster-unreachable')
  expect(error.message).toMatch(/http:\/\/127\.0\.0\.1:\d+\/prefix \(get pods n\/p\): .*ECONNREFUSED/)
})

test('a permission that is missing names verb, resource and namespace', async () => {
  handler = (_request, response) => failure(response, 403, 'pods "p" is forbidden: User "x" cannot get resource "pods"')
  const error = await errorOf((await connected()).get(REF))
  expect(error.code).toBe('cluster-refused')
  expect(error.message).toContain('Not allowed to get pods n/p')
  expect(error.facts).toMatchObject({ verb: 'get', resource: 'pods', namespace: 'n', right: 'get pods' })
})

test("an admission policy's words are kept whole", async () => {
  const said = `secrets "sh.helm.release.v1.a.v2" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: ${'why '.repeat(300)}`
  handler = (_request, response) => failure(response, 422, said)
  const error = await errorOf((await connected()).create(POD))
  expect([error.code, error.message]).toEqual(['cluster-refused', said])
})

test('conflicts, gone objects and failed tests of a patch have one code', async () => {
  const answers: [number, string][] = [
    [409, 'already exists'],
    [409, 'the object has been modified'],
    [404, 'pods "p" not found'],
    [422, 'the server rejected our request due to an error in our request'],
  ]
  handler = (_request, response, count) => failure(response, ...(answers[count - 1] ?? [500, 'x']))
  const cluster = await connected()
  const works = [
    () => cluster.create(POD),
    () => cluster.replace(POD),
    () => cluster.patch(REF, { type: 'merge', body: {} }),
    () => cluster.patch(REF, { type: 'json', body: [] }),
  ]
  for (const work of works) expect((await errorOf(work())).code).toBe('cluster-conflict')
})

test('kinds that are not in the table are asked for, and a missing one is looked for again later', async () => {
  let installed = false
  handler = (request, response) => {
    if (request.url === '/prefix/apis/example.dev/v1') {
      if (!installed) return failure(response, 404, 'the server could not find the requested resource')
      return json(response, 200, {
        resources: [
          { name: 'things', kind: 'Thing', namespaced: false },
          { name: 'things/status', kind: 'Thing', namespaced: false },
        ],
      })
    }
    json(response, 200, { apiVersion: 'example.dev/v1', kind: 'Thing', metadata: { name: 't' } })
  }
  const cluster = await connected()
  const ref = { apiVersion: 'example.dev/v1', kind: 'Thing', name: 't' }
  expect(await cluster.get(ref)).toBeUndefined()
  expect(await cluster.list(ref)).toEqual([])
  installed = true
  expect((await cluster.get(ref))?.metadata.name).toBe('t')
  await cluster.get(ref)
  expect(seen.filter(({ url }) => url === '/prefix/apis/example.dev/v1')).toHaveLength(3)
  expect(seen.at(-1)?.url).toBe('/prefix/apis/example.dev/v1/things/t')
})

test("Pawl's own kinds that are missing mean that it is not initialised", async () => {
  handler = (_request, response) => failure(response, 404, 'the server could not find the requested resource')
  const cluster = await connected()
  const run = { apiVersion: 'pawl.dev/v1alpha1', kind: 'Run', metadata: { name: 'r' } }
  expect(await cluster.get({ ...run, name: 'r' })).toBeUndefined()
  expect(await cluster.list(run)).toEqual([])
  expect((await errorOf(cluster.create(run))).code).toBe('not-initialised')
})

test('a list whose continue token has expired starts again', async () => {
  const page = (names: string[], next = '') => ({
    items: names.map((name) => ({ metadata: { name } })),
    metadata: { continue: next },
  })
  handler = (_request, response, count) => {
    if (count === 1) json(response, 200, page(['a', 'b'], 'T1'))
    else if (count === 2) failure(response, 410, 'expired')
    else if (count === 3) json(response, 200, page(['b', 'c'], 'T2'))
    else json(response, 200, page(['d']))
  }
  const items = await (await connected()).list({ apiVersion: 'v1', kind: 'Pod', labelSelector: 'a=b,c' })
  expect(items.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual(['Pod b', 'Pod c', 'Pod d'])
  expect(seen[0]?.url).toBe('/prefix/api/v1/pods?limit=250&labelSelector=a%3Db%2Cc')
})

test('an answer that is not JSON is not taken for one', async () => {
  handler = (_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Log in</html>')
  expect((await errorOf((await connected()).get(REF))).message).toContain('did not answer in JSON')
})

test('credential programs are asked, told that they run for a program, and asked again after a 401', async () => {
  const script = join(folder, 'credentials')
  const printed =
    '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"exec-\'$N\'"}}'
  await writeFile(
    script,
    `#!/bin/sh\necho x >> ${folder}/asked\nN=$(wc -l < ${folder}/asked | tr -d ' ')\n[ -n "$KUBERNETES_EXEC_INFO" ] || exit 1\necho '${printed}'\n`,
    { mode: 0o755 },
  )
  handler = (request, response) =>
    request.headers.authorization === 'Bearer exec-2'
      ? json(response, 200, POD)
      : failure(response, 401, 'Unauthorized')
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: script, interactiveMode: 'Never' }
  const cluster = await connected({ exec })
  expect(await cluster.get(REF)).toEqual(POD)
  expect(await cluster.get(REF)).toEqual(POD)
  expect(seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer exec-1', 'Bearer exec-2', 'Bearer exec-2'])
})

test('a credential program that fails is a refusal with its own words', async () => {
  const script = join(folder, 'credentials')
  await writeFile(script, '#!/bin/sh\necho "please log in" >&2\nexit 1\n', { mode: 0o755 })
  const error = await errorOf((await connected({ exec: { command: script } })).get(REF))
  expect([error.code, error.message]).toEqual(['cluster-refused', expect.stringContaining('please log in')])
})
