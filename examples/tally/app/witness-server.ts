// The witness over HTTP: takes acknowledgements, violations and reads, and gives them back as counts.
import type { IncomingMessage } from 'node:http'
import { readJson, serve } from './lib/server.ts'
import type { Answer } from './lib/server.ts'
import type { Violation } from './lib/witness-client.ts'
import type { Entry, WitnessLog } from './witness-log.ts'

/** @param now the time written into each entry, ISO 8601. */
export function serveWitness(port: number, witness: WitnessLog, now: () => string): ReturnType<typeof serve> {
  return serve(
    port,
    () => ({ ready: true, detail: {} }),
    async (request, url) => {
      if (request.method === 'POST') return take(request, url, witness, now)
      if (url.pathname === '/summary') return { status: 200, body: witness.summary() }
      if (url.pathname === '/acks') {
        const after = Number(url.searchParams.get('after') ?? 0)
        return Number.isFinite(after)
          ? { status: 200, body: witness.acksAfter(after) }
          : { status: 400, body: { error: 'after must be an id' } }
      }
      return null
    },
  )
}

async function take(
  request: IncomingMessage,
  url: URL,
  witness: WitnessLog,
  now: () => string,
): Promise<Answer | null> {
  const parse = parsers[url.pathname]
  if (parse === undefined) return null
  const entry = parse(await readJson(request), now())
  if (entry === null) return { status: 400, body: { error: 'fields are missing' } }
  witness.append(entry)
  return { status: 201, body: {} }
}

const parsers: Record<string, (body: Record<string, unknown>, at: string) => Entry | null> = {
  '/acks': ({ id, release }, at) =>
    typeof id === 'number' && Number.isSafeInteger(id)
      ? { type: 'ack', at, id, release: textOrNull(release) ?? '' }
      : null,
  '/served': ({ release, schema, reads }, at) =>
    typeof release === 'string' && typeof reads === 'number'
      ? { type: 'served', at, release, schema: textOrNull(schema), reads }
      : null,
  '/violations': (body, at) => {
    const { release, kind } = body
    if (typeof release !== 'string' || (kind !== 'newer' && kind !== 'older')) return null
    const database: Violation['database'] = body['database'] === 'assist' ? 'assist' : 'ledger'
    const who = { component: textOrNull(body['component']) ?? '', pod: textOrNull(body['pod']) ?? '' }
    return { type: 'violation', at, ...who, release, database, schema: textOrNull(body['schema']), kind }
  },
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
