// A small HTTP server with a health check and an orderly end, shared by all components.
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { log, messageOf, shout } from './log.ts'

export type Health = { readonly ready: boolean; readonly detail: Record<string, unknown> }
export type Answer = { readonly status: number; readonly body: unknown }
/** Returns null for a path it does not know; may answer by itself through `response` and return 'done'. */
export type Handler = (request: IncomingMessage, url: URL, response: ServerResponse) => Promise<Answer | 'done' | null>

/** Answers GET /health from `health` and everything else from `handle`. Resolves when it listens, with its port. */
export function serve(
  port: number,
  health: () => Health,
  handle: Handler = () => Promise.resolve(null),
): Promise<{ port: number; close(): void }> {
  const server = createServer((request, response) => {
    void respond(request, response, health, handle)
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, () => {
      const address = server.address()
      const actual = typeof address === 'object' && address !== null ? address.port : port
      log(`listening on ${actual}`)
      resolve({
        port: actual,
        close() {
          server.close()
          server.closeAllConnections()
        },
      })
    })
  })
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  health: () => Health,
  handle: Handler,
): Promise<void> {
  try {
    const url = new URL(request.url ?? '/', 'http://tally')
    if (url.pathname === '/health') {
      const { ready, detail } = health()
      return answer(response, { status: ready ? 200 : 503, body: { ready, ...detail } })
    }
    const result = await handle(request, url, response)
    if (result !== 'done') answer(response, result ?? { status: 404, body: { error: 'no such path' } })
  } catch (error) {
    shout(`${request.method} ${request.url}: ${messageOf(error)}`)
    if (response.headersSent) response.destroy()
    else answer(response, { status: 500, body: { error: messageOf(error) } })
  }
}

function answer(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
}

/** @throws when the body is no JSON object or longer than 64 KiB. */
export async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > 65_536) throw new Error('body too long')
    chunks.push(chunk)
  }
  const parsed: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'))
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new Error('body is no object')
  return parsed as Record<string, unknown>
}

/** As process 1 of a container nothing handles SIGTERM for us. The returned signal is aborted when the end is asked for. */
export function untilTerminated(): AbortSignal {
  const controller = new AbortController()
  const stop = (signal: NodeJS.Signals): void => {
    log(`${signal}: stopping`)
    controller.abort()
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  return controller.signal
}
