// Opens connections for data work, with every setting pinned that could change what a row looks like as text.
import type { DatabaseTarget, Login } from '../core/data/tasks.ts'
import { PawlError } from '../core/errors.ts'
import { QueryFailed, type Connection, type ConnectionTarget, type Row } from '../ports/database.ts'
import type { DataDeps } from './deps.ts'

export interface ServerVersion {
  /** For example `15.20 (Debian 15.20-0+deb12u1)`. */
  text: string
  major: number
  /** The database's, by PostgreSQL's name for it. */
  encoding: string
}

const LOCK_TIMEOUT = '30s'

/** What a role, a database or the server may have set that ends or refuses work, as far as every major knows it. */
export const UNHINDERED: Record<string, string> = {
  statement_timeout: '0',
  lock_timeout: LOCK_TIMEOUT,
  idle_in_transaction_session_timeout: '0',
  default_transaction_read_only: 'off',
}

/** The same with what only newer majors know; https://www.postgresql.org/docs/current/runtime-config-client.html */
export function unhindered(major: number): Record<string, string> {
  return {
    ...UNHINDERED,
    // The second one ends a statement on the server soon after we are gone, in whatever way.
    ...(major >= 14 ? { idle_session_timeout: '0', client_connection_check_interval: '2s' } : {}),
    ...(major >= 17 ? { transaction_timeout: '0' } : {}),
  }
}

/** Each of these changes how some type is written as text, or (row_security) which rows are seen at all. */
export const TEXT_PINS: Record<string, string> = {
  row_security: 'off',
  search_path: '',
  datestyle: 'ISO,MDY',
  intervalstyle: 'postgres',
  timezone: 'UTC',
  extra_float_digits: '1',
  bytea_output: 'hex',
  lc_monetary: 'C',
  xmloption: 'content',
  quote_all_identifiers: 'off',
}

export function pins(major: number): Record<string, string> {
  return { ...unhindered(major), ...TEXT_PINS, jit: 'off' }
}

export async function connectionTarget(
  deps: DataDeps,
  target: DatabaseTarget,
  login: Login,
  database: string,
): Promise<ConnectionTarget> {
  return {
    host: target.host,
    port: target.port,
    database,
    user: login.user,
    tls: target.tls,
    ...(login.password === undefined ? {} : { password: await deps.secrets.resolve(login.password) }),
  }
}

export function one(rows: Row[]): Row {
  const row = rows[0]
  if (row === undefined) throw new PawlError({ code: 'internal', message: 'A query that gives one row gave none.' })
  return row
}

/** A value of a row that is never NULL. */
export function text(row: Row, column: string): string {
  const value = row[column]
  if (typeof value !== 'string') throw new PawlError({ code: 'internal', message: `A query gave no "${column}".` })
  return value
}

export async function serverVersion(connection: Connection): Promise<ServerVersion> {
  const row = one(
    await connection.query(
      `select current_setting('server_version') as text, current_setting('server_version_num') as number, current_setting('server_encoding') as encoding`,
    ),
  )
  const major = Math.floor(Number(text(row, 'number')) / 10000)
  return { text: text(row, 'text'), major, encoding: text(row, 'encoding') }
}

/** Opens, uses and closes one connection. */
export async function withConnection<T>(
  deps: DataDeps,
  target: ConnectionTarget,
  settings: Record<string, string>,
  signal: AbortSignal,
  use: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await deps.databases.connect(target, settings, signal)
  try {
    return await use(connection)
  } finally {
    await connection.close()
  }
}

export async function probe(deps: DataDeps, target: ConnectionTarget, signal: AbortSignal): Promise<ServerVersion> {
  return await withConnection(deps, target, UNHINDERED, signal, serverVersion)
}

const HINTS = new Map([
  [
    '53200',
    'Raise max_locks_per_transaction on the server: a snapshot locks every table at once. Nothing was changed.',
  ],
])
const RIGHTS_STATES = new Set(['42501'])
/** `invalid value for parameter "x": "..."`, `invalid input syntax for type y: "..."`: the value may be data, or a secret. */
const QUOTED_VALUE = /(invalid [^:]*|out of range[^:]*): ".*"/gs

/** The server's refusals in Pawl's words; `doing` names the work. Row data that a message may quote (DETAIL) is not in it. */
export function translateQuery(error: unknown, doing: string): unknown {
  if (!(error instanceof QueryFailed)) return error
  const facts = { sqlState: error.state }
  const message = error.message.replace(QUOTED_VALUE, '$1')
  if (RIGHTS_STATES.has(error.state) || /row-level security/.test(message)) {
    return new PawlError({ code: 'database-rights', message: `${doing}: ${message}.`, facts, cause: error })
  }
  const hint = HINTS.get(error.state)
  return new PawlError({
    code: 'backup-failed',
    message: `${doing}: ${message} (${error.state}).`,
    facts,
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  })
}
