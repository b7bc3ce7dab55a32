// The door of the product: passes /api/... to ledger-api and /board to board. Holds no database credentials.
import { request as open } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { log, messageOf } from './lib/log.ts'
import { loadRelease } from './lib/release.ts'
import { serve, untilTerminated } from './lib/server.ts'
import { numberOr, required } from './lib/settings.ts'

const release = loadRelease(process.env)
const api = required(process.env, 'LEDGER_API_URL')
const board = required(process.env, 'BOARD_URL')

const server = await serve(
  numberOr(process.env, 'PORT', 8080),
  () => ({ ready: true, detail: { release: release.appVersion } }),
  (request, url, response) => {
    if (url.pathname === '/')
      return Promise.resolve({ status: 200, body: { product: 'Tally', release: release.appVersion } })
    if (url.pathname.startsWith('/api/'))
      return pass(request, new URL(url.pathname.slice(4) + url.search, api), response)
    if (url.pathname === '/board') return pass(request, new URL('/board', board), response)
    return Promise.resolve(null)
  },
)
untilTerminated().addEventListener('abort', () => {
  server.close()
  log('stopped')
})

function pass(
  request: IncomingMessage,
  to: URL,
  response: ServerResponse,
): ReturnType<Parameters<typeof serve>[2] & {}> {
  return new Promise((resolve) => {
    const onward = open(
      to,
      { method: request.method, headers: { ...request.headers, host: to.host }, timeout: 10_000 },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
        answer.once('end', () => resolve('done'))
      },
    )
    onward.once('timeout', () => onward.destroy(new Error('no answer within 10 s')))
    onward.once('error', (error) => resolve({ status: 502, body: { error: messageOf(error) } }))
    request.pipe(onward)
  })
}
