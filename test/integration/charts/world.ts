// The sample product's charts where a vendor may put them: a directory, a repository on the web, a registry, a registry that wants a login.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { findHelm, packageCharts } from '../../../examples/tally/build.ts'
import { run } from '../../../examples/tally/build/run.ts'
import { startCrane } from '../../support/crane.ts'

export interface ChartWorld {
  directory: string
  /** Address of the repository; `asked` are the status codes it answered with. */
  repository: string
  asked: number[]
  /** `oci://` addresses: one open to all, one with a token endpoint before it. */
  open: string
  closed: string
  login: { user: string; password: string }
  /** Takes the web repository away. */
  stopRepository(): Promise<void>
  stop(): Promise<void>
}

const LOGIN = { user: 'reader', password: 'pa55-w0rd' }

export async function chartWorld(): Promise<ChartWorld> {
  const helm = findHelm()
  if (helm === null) throw new Error('no helm: run `npm run cluster -- up` once, it brings helm')
  const root = await mkdtemp(join(tmpdir(), 'pawl-charts-'))
  const directory = join(root, 'charts')
  const files = await packageCharts(directory, helm)
  const crane = await startCrane()
  const port = crane.host.split(':')[1] ?? ''
  const open = `oci://${crane.host}/vendor`
  for (const file of files) await run(helm, ['push', file, open, '--plain-http'])
  const asked: number[] = []
  const repository = await listen((incoming, response) => void serveFile(directory, asked, incoming, response))
  const closed = await listen((incoming, response) => guarded(port, incoming, response))
  return {
    directory,
    repository: addressOf(repository),
    asked,
    open,
    closed: `${addressOf(closed).replace('http:', 'oci:')}/vendor`,
    login: LOGIN,
    stopRepository: async () => await close(repository),
    stop: async () => {
      await Promise.all([close(repository), close(closed)])
      crane.stop()
      await rm(root, { recursive: true, force: true })
    },
  }
}

async function serveFile(
  directory: string,
  asked: number[],
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const bytes = await readFile(join(directory, basename(incoming.url ?? ''))).catch(() => undefined)
  const etag = `"${bytes?.length ?? 0}"`
  const status = bytes === undefined ? 404 : incoming.headers['if-none-match'] === etag ? 304 : 200
  asked.push(status)
  response.writeHead(status, { etag }).end(status === 200 ? bytes : undefined)
}

const TOKEN = 'a-token-for-pulling'

/** Distribution's token authentication before a registry that has none of its own. */
function guarded(port: string, incoming: IncomingMessage, response: ServerResponse): void {
  const { url = '/', headers } = incoming
  if (url.startsWith('/token')) {
    const basic = `Basic ${Buffer.from(`${LOGIN.user}:${LOGIN.password}`).toString('base64')}`
    if (headers.authorization !== basic) response.writeHead(401).end()
    else response.end(JSON.stringify({ token: TOKEN }))
    return
  }
  if (headers.authorization !== `Bearer ${TOKEN}`) {
    const challenge = `Bearer realm="http://${headers.host}/token",service="charts",scope="repository:vendor/tally:pull"`
    response.writeHead(401, { 'www-authenticate': challenge }).end()
    return
  }
  const { authorization: _authorization, ...rest } = headers
  request({ host: '127.0.0.1', port, path: url, headers: rest }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
  }).end()
}

async function listen(serve: (incoming: IncomingMessage, response: ServerResponse) => void): Promise<Server> {
  const server = createServer(serve)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

function addressOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}
