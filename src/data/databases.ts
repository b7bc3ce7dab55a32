// Questions and changes to whole databases on a server, and the mark Pawl leaves on those it made.
import type { Connection } from '../ports/database.ts'
import { PawlError } from '../core/errors.ts'
import { one, text } from './session.ts'
import { identifier, literal } from './sql/text.ts'

/** Left as the comment of a database, so that every step can be found again on the server itself. */
export interface DatabaseMark {
  set: string
  role: string
  /** `restoring`: unfinished; `proven`: equal to the backup; `kept`: the one that was replaced. */
  state: 'restoring' | 'proven' | 'kept'
  /** Of the backup's content. */
  digest: string
  notCovered?: string[]
  /** In words, for whoever looks with psql. */
  note?: string
}

export interface DatabaseState {
  name: string
  allowsConnections: boolean
  mark?: DatabaseMark
}

/** NAMEDATALEN - 1 */
const MAX_NAME_BYTES = 63

export function checkDatabaseName(name: string): string {
  if (Buffer.byteLength(name) <= MAX_NAME_BYTES) return name
  throw new PawlError({
    code: 'input-invalid',
    message: `"${name}" is longer than ${MAX_NAME_BYTES} bytes, the limit for a database's name.`,
  })
}

function markIn(comment: string | null | undefined): DatabaseMark | undefined {
  if (comment === null || comment === undefined || !comment.startsWith('{')) return undefined
  try {
    const value = JSON.parse(comment) as { pawl?: DatabaseMark }
    return typeof value.pawl?.set === 'string' && typeof value.pawl.state === 'string' ? value.pawl : undefined
  } catch {
    // Somebody else's comment that only begins like ours.
    return undefined
  }
}

/** Undefined where there is no such database. */
export async function stateOf(connection: Connection, name: string): Promise<DatabaseState | undefined> {
  const rows = await connection.query(
    `select d.datallowconn::text as allowed, shobj_description(d.oid, 'pg_database') as comment from pg_database d where d.datname = $1`,
    [name],
  )
  const row = rows[0]
  if (row === undefined) return undefined
  const mark = markIn(row['comment'])
  return { name, allowsConnections: text(row, 'allowed') === 'true', ...(mark === undefined ? {} : { mark }) }
}

export async function leaveMark(connection: Connection, name: string, mark: DatabaseMark): Promise<void> {
  await connection.query(`comment on database ${identifier(name)} is ${literal(JSON.stringify({ pawl: mark }))}`)
}

export async function allowConnections(connection: Connection, name: string, allowed: boolean): Promise<void> {
  await connection.query(`alter database ${identifier(name)} with allow_connections ${allowed ? 'true' : 'false'}`)
}

/**
 * Asks every session of the named databases to end; gives how many are still there. Autovacuum is left out: it makes way by
 * itself. Prepared transactions count, for they hold a database as a session does.
 */
export async function endSessions(connection: Connection, names: readonly string[]): Promise<number> {
  const list = names.map(literal).join(', ')
  const sessions = `pg_stat_activity where datname in (${list}) and pid <> pg_backend_pid() and usesysid is not null`
  await connection.query(`select pg_terminate_backend(pid) from ${sessions}`)
  const rows = await connection.query(`
    select ((select count(*) from ${sessions}) + (select count(*) from pg_prepared_xacts where database in (${list})))::text as left`)
  return Number(text(one(rows), 'left'))
}
