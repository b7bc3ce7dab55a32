// One locked snapshot: the tables are locked first and the snapshot is taken after, so that neither TRUNCATE nor a rewriting
// ALTER can empty a table between the two (such a table would be empty in the dump and in the digest alike).
import type { DatabaseTarget } from '../../core/data/tasks.ts'
import { PawlError } from '../../core/errors.ts'
import { QueryFailed, type Connection, type ConnectionTarget } from '../../ports/database.ts'
import type { DataDeps, TaskContext } from '../deps.ts'
import { tableInfo, type TableInfo } from '../digest.ts'
import { one, pins, text, translateQuery } from '../session.ts'
import { listTables } from '../sql/catalogue.ts'
import { qualified } from '../sql/text.ts'
import { endedBy } from './ended-by.ts'

const ATTEMPTS = 5
const TABLES_PER_LOCK = 500
const HEARTBEAT_MS = 10_000
/** undefined_table, invalid_schema_name: it was dropped between the listing and the lock. */
const GONE = new Set(['42P01', '3F000'])

export interface Snapshot {
  id: string
  /** ISO 8601, by the server's clock. */
  takenAt: string
  tables: TableInfo[]
  /** In the snapshot; stays open until `release`. */
  connection: Connection
  /** Aborts when the transaction that holds the locks and the snapshot is gone. */
  lost: AbortSignal
  release: () => Promise<void>
}

async function tablesNow(connection: Connection, major: number): Promise<TableInfo[]> {
  return (await connection.query(listTables(major))).map(tableInfo)
}

function sameTables(left: readonly TableInfo[], right: readonly TableInfo[]): boolean {
  const keys = (tables: readonly TableInfo[]): string =>
    tables
      .map((table) => JSON.stringify([table.oid, table.schema, table.name, table.kind]))
      .toSorted()
      .join()
  return keys(left) === keys(right)
}

async function lock(connection: Connection, tables: readonly TableInfo[]): Promise<void> {
  for (let at = 0; at < tables.length; at += TABLES_PER_LOCK) {
    const some = tables.slice(at, at + TABLES_PER_LOCK).map((table) => `only ${qualified(table.schema, table.name)}`)
    await connection.query(`lock table ${some.join(', ')} in access share mode`)
  }
}

/** One attempt; undefined where the tables changed meanwhile. */
async function attempt(
  connection: Connection,
  major: number,
): Promise<{ id: string; takenAt: string; tables: TableInfo[] } | undefined> {
  const listed = await tablesNow(connection, major)
  await connection.query('begin isolation level repeatable read read only')
  try {
    await lock(connection, listed)
  } catch (error) {
    if (!(error instanceof QueryFailed) || !GONE.has(error.state)) throw error
    await connection.query('rollback')
    return undefined
  }
  const row = one(
    await connection.query(
      `select pg_export_snapshot() as id, to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at`,
    ),
  )
  const tables = await tablesNow(connection, major)
  if (sameTables(listed, tables)) return { id: text(row, 'id'), takenAt: text(row, 'at'), tables }
  await connection.query('rollback')
  return undefined
}

function heartbeat(connection: Connection): { lost: AbortSignal; stop: () => void } {
  const lost = new AbortController()
  let stopped = false
  const timer = setInterval(() => {
    connection.query('select 1').catch((error: unknown) => {
      if (!stopped) lost.abort(error)
    })
  }, HEARTBEAT_MS)
  const stop = (): void => {
    stopped = true
    clearInterval(timer)
  }
  return { lost: AbortSignal.any([connection.lost, lost.signal]), stop }
}

/** Throws `backup-failed` where a lock cannot be had in time or the tables keep changing; `database-rights` where one may not be read. */
export async function holdSnapshot(
  deps: DataDeps,
  context: TaskContext,
  database: DatabaseTarget,
  target: ConnectionTarget,
  major: number,
): Promise<Snapshot> {
  const connection = await deps.databases.connect(target, pins(major), context.signal)
  try {
    const standby = one(await connection.query('select pg_is_in_recovery()::text as standby'))
    if (text(standby, 'standby') === 'true') {
      const message = `${database.host} is a standby: unlogged tables cannot be read there. Give the primary's address.`
      throw new PawlError({ code: 'backup-failed', message, facts: { role: database.role } })
    }
    for (let tried = 0; tried < ATTEMPTS; tried++) {
      context.signal.throwIfAborted()
      context.report({ phase: 'lock', role: database.role })
      const taken = await endedBy(context.signal, connection, () => attempt(connection, major))
      if (taken === undefined) continue
      const { lost, stop } = heartbeat(connection)
      const release = async (): Promise<void> => {
        stop()
        await connection.close()
      }
      return { ...taken, connection, lost, release }
    }
    throw new PawlError({
      code: 'backup-failed',
      message: `The tables of "${target.database}" changed during each of ${ATTEMPTS} attempts to take a snapshot; something is migrating it.`,
      facts: { role: database.role, changing: true },
    })
  } catch (error) {
    await connection.close()
    throw translateQuery(error, `Locking the tables of "${target.database}"`)
  }
}
