// Connections through the pg driver. Values stay text, as PostgreSQL wrote them; settings travel as connection options.
import pg from 'pg'
import { PawlError } from '../../core/errors.ts'
import { QueryFailed, type Connection, type ConnectionTarget, type Databases, type Row } from '../../ports/database.ts'
import { NO_CONNECTION_HINT, TOO_MANY_CONNECTIONS } from '../../ports/pgtools.ts'

const CONNECT_TIMEOUT_MS = 10_000
/** What Pawl's own sessions are called, so that nobody, Pawl included, takes them for the application's. */
export const APPLICATION_NAME = 'pawl'
const AS_TEXT = { getTypeParser: () => (value: string) => value }

/** `-c name=value` for each setting; spaces and backslashes escaped as libpq's `options` asks for. */
export function optionsText(settings: Record<string, string>): string {
  const pairs = Object.entries(settings)
  return pairs.map(([name, value]) => `-c ${name}=${value.replace(/[\\ ]/g, String.raw`\$&`)}`).join(' ')
}

function placeOf(target: ConnectionTarget): string {
  return `database "${target.database}" at ${target.host}:${target.port}`
}

function unreachable(target: ConnectionTarget, error: unknown): PawlError {
  const message = error instanceof Error && error.message !== '' ? error.message : String(error)
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
  return new PawlError({
    code: 'database-unreachable',
    message: `Cannot connect to ${placeOf(target)} as "${target.user}": ${message === 'AggregateError' || message === '' ? String(code) : message}.`,
    facts: {
      host: target.host,
      port: target.port,
      database: target.database,
      user: target.user,
      reason: code ?? 'unknown',
    },
    ...(code === TOO_MANY_CONNECTIONS ? { hint: NO_CONNECTION_HINT } : {}),
  })
}

/** A class 57P (shutdown) or 08 (connection) state ends the session; everything else only the statement. */
function endsSession(state: string): boolean {
  return state.startsWith('57P') || state.startsWith('08')
}

async function open(target: ConnectionTarget, settings: Record<string, string>): Promise<pg.Client> {
  const client = new pg.Client({
    host: target.host,
    port: target.port,
    database: target.database,
    user: target.user,
    // An explicit function keeps the driver from looking into PGPASSWORD or ~/.pgpass.
    password: () => target.password?.reveal() ?? '',
    ssl: target.tls === 'require' ? { rejectUnauthorized: false } : false,
    application_name: APPLICATION_NAME,
    options: optionsText(settings),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    types: AS_TEXT,
  })
  // Errors before the connection stands arrive twice, as a rejection and as an event.
  client.on('error', () => undefined)
  try {
    await client.connect()
  } catch (error) {
    await client.end().catch(() => undefined)
    throw unreachable(target, error)
  }
  return client
}

function wrap(client: pg.Client, target: ConnectionTarget): Connection {
  const lost = new AbortController()
  let closing = false
  const lose = (error: unknown): PawlError => {
    const why = error instanceof Error ? error.message : 'it ended'
    const failure = new PawlError({
      code: 'database-unreachable',
      message: `Lost the connection to ${placeOf(target)}: ${why}.`,
    })
    if (!closing) lost.abort(failure)
    return failure
  }
  client.on('error', lose)
  client.on('end', () => lose(undefined))
  return {
    lost: lost.signal,
    async query(sql, parameters) {
      lost.signal.throwIfAborted()
      try {
        const result = await client.query<Row>(sql, parameters === undefined ? undefined : [...parameters])
        // Several statements in one text give several results; the last one is the answer.
        const answer: unknown = Array.isArray(result) ? result.at(-1) : result
        return (answer as pg.QueryResult<Row>).rows
      } catch (error) {
        const state = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
        if (!/^[0-9A-Z]{5}$/.test(state) || endsSession(state)) throw lose(error)
        throw new QueryFailed(error instanceof Error ? error.message : String(error), state, error)
      }
    },
    async close() {
      closing = true
      await client.end().catch(() => undefined)
    },
  }
}

export function postgresDatabases(): Databases {
  return {
    async connect(target, settings = {}, signal) {
      signal?.throwIfAborted()
      return wrap(await open(target, settings), target)
    },
  }
}
