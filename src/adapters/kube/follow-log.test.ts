// Against a small HTTP server that plays the API server and the node behind it; whole clusters are in test/integration/jobs.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isPawlError } from '../../core/errors.ts'
import { connect, type ConnectedCluster } from './connect.ts'

const PATIENCE_MS = 200
const NODE_GONE_MS = 100
/** What does not end would end here. */
const LIMIT_MS = 4_000

let folder: string
let server: Server
const open: ConnectedCluster[] = []
/** What the API server says of the pod, and what the node answers of its log. */
let metadata: Record<string, unknown>
let state: Record<string, unknown>
let log: (response: ServerResponse, count: number) => void
let serverAway: boolean
let asked: string[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'follow-test-'))
  metadata = {}
  state = { running: {} }
  log = silent
  serverAway = false
  asked = []
  server = createServer((request, response) => {
    if (serverAway) return void request.socket.destroy()
    if (request.url?.includes('/log?') !== true) {
      const status = { containerStatuses: [{ name: 'main', restartCount: 0, state }] }
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'n', ...metadata }, status }
      return void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(pod))
    }
    asked.push(request.url)
    log(response, asked.length)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const config = {
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: 'u', user: { token: 'T' } }],
  }
  await writeFile(join(folder, 'config'), JSON.stringify(config))
})
afterEach(async () => {
  for (const cluster of open.splice(0)) cluster.close()
  server.closeAllConnections()
  server.close()
  await rm(folder, { recursive: true })
})

/** A connection that is there, and over which nothing comes. */
function silent(response: ServerResponse): void {
  response.writeHead(200).flushHeaders()
}

/** How the API server answers for a node that does not. */
function nodeAway(response: ServerResponse): void {
  const message = 'Get "https://10.0.0.5:10250/containerLogs/n/p/main": dial tcp 10.0.0.5:10250: i/o timeout'
  response.writeHead(500, { 'content-type': 'application/json' }).end(JSON.stringify({ kind: 'Status', message }))
}

function lineAt(second: number, text: string): string {
  return `2026-11-23T17:00:${String(second).padStart(2, '0')}.000000000Z ${text}\n`
}

interface Followed {
  lines: string[]
  /** The code of the error; undefined where following came to its end. */
  code?: string
  message?: string
  ms: number
}

async function follow(patienceMs = PATIENCE_MS): Promise<Followed> {
  const cluster = connect({
    kubeconfig: join(folder, 'config'),
    tuning: {
      requestTimeoutMs: 1_000,
      retry: { totalMs: 20, firstContactMs: 20, firstWaitMs: 5 },
      log: { silenceMs: 20, pauseMs: 5, patienceMs, nodeGoneMs: NODE_GONE_MS },
    },
  })
  open.push(cluster)
  const lines: string[] = []
  const before = performance.now()
  const tooLong = AbortSignal.timeout(LIMIT_MS)
  const error: unknown = await cluster
    .followLog({ namespace: 'n', name: 'p', container: 'main' }, (line) => lines.push(line), tooLong)
    .catch((thrown: unknown) => thrown)
  const ms = performance.now() - before
  if (isPawlError(error)) return { lines, ms, code: error.code, message: error.message }
  if (error !== undefined) throw new Error('expected a PawlError', { cause: error })
  return { lines, ms }
}

test('the open stream of a pod that should be gone is given up, though its container is said to run', async () => {
  metadata = { deletionTimestamp: '2026-11-23T17:00:00Z', deletionGracePeriodSeconds: 0 }
  const { code, ms } = await follow()
  expect(code).toBeUndefined()
  expect(ms).toBeGreaterThan(NODE_GONE_MS)
})

test('a pod that is being deleted is followed for as long as its grace allows, by the clock of this machine', async () => {
  // Its time is long past by a clock that is behind.
  metadata = { deletionTimestamp: '2020-01-01T00:00:00Z', deletionGracePeriodSeconds: 1 }
  log = (response, count) => {
    silent(response)
    if (count > 1) return void response.end(lineAt(2, 'the last words'))
    setTimeout(() => {
      state = { terminated: { exitCode: 0 } }
      response.end(lineAt(2, 'the last words'))
    }, NODE_GONE_MS + 200)
  }
  expect(await follow()).toMatchObject({ lines: ['the last words'] })
})

test("a node that does not answer for its log is an error, in the cluster's words", async () => {
  log = nodeAway
  const { code, message, ms } = await follow()
  expect([code, message]).toEqual(['cluster-unreachable', expect.stringContaining('i/o timeout')])
  expect(ms).toBeGreaterThan(PATIENCE_MS)
})

test('so it is when the container has ended', async () => {
  state = { terminated: { exitCode: 0 } }
  log = nodeAway
  expect((await follow()).code).toBe('cluster-unreachable')
})

test('so it is when the node has no log any more', async () => {
  state = { terminated: { exitCode: 0 } }
  log = (response) => response.writeHead(404).end('no such log')
  const { code, message } = await follow()
  expect([code, message]).toEqual(['cluster-unreachable', expect.stringContaining('no such log')])
})

test('so it is when the node falls silent in the midst of it, and is asked anew', async () => {
  log = (response, count) => {
    if (count > 1) return nodeAway(response)
    response.writeHead(200).write(lineAt(1, 'one'))
  }
  const { code, lines, ms } = await follow()
  expect([code, lines]).toEqual(['cluster-unreachable', ['one']])
  expect(ms).toBeGreaterThan(2 * PATIENCE_MS)
})

test('a node that answers again in time has not been away', async () => {
  log = (response, count) => {
    if (count < 5) return nodeAway(response)
    state = { terminated: { exitCode: 0 } }
    response.writeHead(200).end(lineAt(1, 'one'))
  }
  expect(await follow()).toMatchObject({ lines: ['one'] })
})

test('a container that is silent for long is asked anew now and then, and heard out', async () => {
  const all = [lineAt(1, 'one'), lineAt(1, 'two')].join('')
  log = (response, count) => {
    if (count === 3) state = { terminated: { exitCode: 0 } }
    response.writeHead(200).write(all)
    if (count >= 3) response.end(lineAt(9, 'three'))
  }
  const { code, lines, ms } = await follow()
  expect([code, lines]).toEqual([undefined, ['one', 'two', 'three']])
  expect(ms).toBeGreaterThan(2 * PATIENCE_MS)
})

test('a container that waits for long is no failure of its log', async () => {
  state = { waiting: { reason: 'ContainerCreating' } }
  log = (response, count) => {
    if (count === 1) return nodeAway(response)
    state = { terminated: { exitCode: 0 } }
    response.writeHead(200).end(lineAt(1, 'one'))
  }
  setTimeout(() => (state = { running: {} }), 2 * PATIENCE_MS)
  expect(await follow()).toMatchObject({ lines: ['one'] })
})

test('what a container has said before its end is read, however long its pod takes to go', async () => {
  metadata = { deletionTimestamp: '2026-11-23T17:00:00Z', deletionGracePeriodSeconds: 0 }
  state = { terminated: { exitCode: 0 } }
  const before = performance.now()
  log = (response) => {
    if (performance.now() - before < 1.5 * NODE_GONE_MS) return nodeAway(response)
    response.writeHead(200).end(lineAt(1, 'one'))
  }
  expect(await follow(1_000)).toMatchObject({ lines: ['one'] })
})

test('an API server that is away for a while is survived, after a long silence and before a node that is late', async () => {
  const patienceMs = 500
  // Any two of the three are longer than the patience.
  const partMs = 300
  let backAt = Infinity
  log = (response, count) => {
    if (count === 1) return silent(response)
    // The way to the nodes may be open again only after the API server.
    if (performance.now() - backAt < partMs) return nodeAway(response)
    state = { terminated: { exitCode: 0 } }
    response.writeHead(200).end(lineAt(1, 'one'))
  }
  const following = follow(patienceMs)
  await delay(partMs)
  serverAway = true
  server.closeAllConnections()
  await delay(partMs)
  backAt = performance.now()
  serverAway = false
  expect(await following).toMatchObject({ lines: ['one'] })
})

test('an API server that does not come back is an error', async () => {
  setTimeout(() => {
    serverAway = true
    server.closeAllConnections()
  }, 50)
  expect((await follow()).code).toBe('cluster-unreachable')
})
