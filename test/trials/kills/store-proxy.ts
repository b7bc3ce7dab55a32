// Between a program and an S3 service: every request and every answer passes the trap. Signatures stay good, for nothing is changed.
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import type { Proxy } from './sql-proxy.ts'
import type { Trap } from './trap.ts'

async function forward(from: IncomingMessage, to: ServerResponse, endpoint: URL, trap: Trap): Promise<void> {
  const text = `${from.method} ${decodeURIComponent(from.url ?? '')}`
  await trap.pass({ way: 'store', moment: 'before', text })
  if (from.socket.destroyed) return
  const { hostname, port } = endpoint
  // What was answered here already need not be asked again.
  const { expect: _, ...headers } = from.headers
  const sent = request({ hostname, port, method: from.method, path: from.url, headers })
  const answered = new Promise<IncomingMessage>((resolve, reject) => sent.on('response', resolve).on('error', reject))
  answered.catch(() => undefined)
  await pipeline(from, sent)
  const answer = await answered
  await trap.pass({ way: 'store', moment: 'after', text })
  if (from.socket.destroyed) return answer.destroy() && undefined
  to.writeHead(answer.statusCode ?? 502, answer.headers)
  await pipeline(answer, to)
}

export async function storeProxy(endpoint: string, trap: Trap): Promise<Proxy> {
  const server = createServer((from, to) => {
    forward(from, to, new URL(endpoint), trap).catch(() => to.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
