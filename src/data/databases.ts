// Questions and changes to whole databases on a server, and the mark Pawl leaves on those it made.
import type { Connection } from '../ports/database.ts'
import type { Standing } from '../core/data/standing.ts'
import { prefixBeside } from '../core/data/copies.ts'
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
  /** How it stood when it had been compared, closed and with nobody in it; absent where its rows are looked at again before it is used. */
  standing?: Standing
  /** Under which name the database that was replaced would have been kept, where there was none. */
  insteadOf?: string
  /** In words, for whoever looks with psql. */
  note?: string
}

export interface DatabaseState {
  name: string
  allowsConnections: boolean
  mark?: DatabaseMark
}

/** Undefined where the comment is nobody's, or somebody else's. */
export function markIn(comment: string | null | undefined): DatabaseMark | undefined {
  if (comment === null || comment === undefined || !comment.startsWith('{')) return undefined
  try {
    const value = JSON.parse(comment) as { pawl?: DatabaseMark }
    return typeof value.pawl?.set === 'string' && typeof value.pawl.state === 'string' ? value.pawl : undefined
  } catch {
    // Somebody else's comment that only begins like ours.
    return undefined
  }
}

/** In the order of the names; undefined where there is no such database. */
export async function statesOf(
  connection: Connection,
  names: readonly string[],
): Promise<(DatabaseState | undefined)[]> {
  const rows = await connection.query(
    `select d.datname as name, d.datallowconn::text as allowed, shobj_description(d.oid, 'pg_database') as comment
     from pg_database d where d.datname in (${names.map(literal).join(', ')})`,
  )
  const states = rows.map((row): DatabaseState => {
    const mark = markIn(row['comment'])
    const allowsConnections = text(row, 'allowed') === 'true'
    return { name: text(row, 'name'), allowsConnections, ...(mark === undefined ? {} : { mark }) }
  })
  return names.map((name) => states.find((state) => state.name === name))
}

export async function stateOf(connection: Connection, name: string): Promise<DatabaseState | undefined> {
  return (await statesOf(connection, [name]))[0]
}

export async function isSuperuser(connection: Connection): Promise<boolean> {
  const rows = await connection.query('select rolsuper::text as super from pg_roles where rolname = current_user')
  return text(one(rows), 'super') === 'true'
}

/** Names of databases that by their name are Pawl's and belong to the live one. */
export async function namesBeside(connection: Connection, live: string): Promise<string[]> {
  const rows = await connection.query(
    'select datname as name from pg_database where starts_with(datname, $1) order by 1',
    [prefixBeside(live)],
  )
  return rows.map((row) => text(row, 'name'))
}

export async function sizeOf(connection: Connection, name: string): Promise<number> {
  return Number(text(one(await connection.query('select pg_database_size($1)::text as bytes', [name])), 'bytes'))
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
