// Digests of one database inside the dump's own snapshot: every table, materialized view and large object.
import type { DatabaseTarget, TableDigest } from '../../core/data/tasks.ts'
import type { Connection, ConnectionTarget } from '../../ports/database.ts'
import type { DataDeps, TaskContext } from '../deps.ts'
import { digestLargeObjects, digestTable, digestView, type TableInfo } from '../digest.ts'
import type { Digests } from '../manifest.ts'
import { inParallel } from '../parallel.ts'
import { pins, text, translateQuery } from '../session.ts'
import { LIST_MATERIALIZED_VIEWS, LIST_UNCOVERED, LIST_UNDEFINED_OPERATORS } from '../sql/catalogue.ts'
import { displayName, literal, qualified } from '../sql/text.ts'

/** One connection inside somebody else's snapshot. */
async function importSnapshot(
  deps: DataDeps,
  target: ConnectionTarget,
  major: number,
  snapshot: string,
  signal: AbortSignal,
): Promise<Connection> {
  const connection = await deps.databases.connect(target, pins(major), signal)
  try {
    await connection.query('begin isolation level repeatable read read only')
    await connection.query(`set transaction snapshot ${literal(snapshot)}`)
    return connection
  } catch (error) {
    await connection.close()
    throw error
  }
}

export interface DigestInput {
  database: DatabaseTarget
  target: ConnectionTarget
  major: number
  snapshot: string
  tables: readonly TableInfo[]
  jobs: number
}

/** Leaf tables only: a partitioned parent has no rows of its own. */
export function leaves(tables: readonly TableInfo[]): TableInfo[] {
  return tables.filter((table) => table.kind === 'r')
}

/**
 * Runs one query after another on each of `jobs` connections, the biggest table first; an abort closes the connections, which
 * ends the queries on the server too.
 */
export async function digestAll(
  deps: DataDeps,
  context: TaskContext,
  input: DigestInput,
  signal: AbortSignal,
): Promise<TableDigest[]> {
  const { database } = input
  const found: TableDigest[] = []
  const works: { name: string; estimate: number; run: (connection: Connection) => Promise<TableDigest> }[] = [
    ...leaves(input.tables).map((table) => ({
      name: displayName(table.schema, table.name),
      estimate: table.estimate,
      run: (connection: Connection) => digestTable(connection, table),
    })),
    { name: 'large objects', estimate: 0, run: digestLargeObjects },
  ]
  const estimated = works.reduce((sum, work) => sum + work.estimate, 0)
  let rows = 0
  const lanes = new Map<number, Connection>()
  const close = (): void => void Promise.all([...lanes.values()].map((connection) => connection.close()))
  signal.addEventListener('abort', close, { once: true })
  try {
    await inParallel(works, input.jobs, signal, async (work, inner, lane) => {
      const connection =
        lanes.get(lane) ?? (await importSnapshot(deps, input.target, input.major, input.snapshot, inner))
      lanes.set(lane, connection)
      try {
        const digest = await work.run(connection)
        found.push(digest)
        rows += Number(digest.rows)
      } catch (error) {
        inner.throwIfAborted()
        throw translateQuery(error, `Reading ${work.name} of "${input.target.database}"`)
      }
      context.report({ phase: 'digest', role: database.role, rows, rowsTotal: Math.max(rows, estimated) })
    })
  } finally {
    signal.removeEventListener('abort', close)
    await Promise.all([...lanes.values()].map((connection) => connection.close()))
  }
  return found.toSorted((left, right) => (left.table < right.table ? -1 : 1))
}

export async function digestViews(connection: Connection): Promise<Digests['views']> {
  const found: Digests['views'] = []
  for (const row of await connection.query(LIST_MATERIALIZED_VIEWS)) {
    const [schema, name] = [text(row, 'schema'), text(row, 'name')]
    if (text(row, 'populated') === 'true') {
      const digest = await digestView(connection, schema, name, JSON.parse(text(row, 'columns')) as string[])
      found.push({ ...digest, populated: true })
    } else found.push({ table: displayName(schema, name), populated: false, rows: '0', digest: '0/0' })
  }
  return found
}

/** In words, everything that no dump holds. */
export async function listUncovered(connection: Connection): Promise<string[]> {
  const found: string[] = []
  for (const row of await connection.query(LIST_UNCOVERED)) {
    const [schema, name] = [text(row, 'schema'), text(row, 'name')]
    const shown = displayName(schema, name)
    if (text(row, 'kind') === 'f') {
      found.push(`foreign table ${shown}: its definition only, the rows are elsewhere`)
      continue
    }
    const belongs = `table ${shown} of the extension ${row['extension'] ?? '?'}`
    if (text(row, 'readable') !== 'true') found.push(`${belongs}: not dumped, and not readable here`)
    else {
      const some = await connection.query(`select 1 from only ${qualified(schema, name)} limit 1`)
      if (some.length > 0) found.push(`${belongs}: it holds rows, and extensions' tables are not dumped`)
    }
  }
  for (const row of await connection.query(LIST_UNDEFINED_OPERATORS)) {
    const operator = `${text(row, 'schema')}.${text(row, 'name')} (${text(row, 'left')}, ${text(row, 'right')})`
    found.push(`operator ${operator}: another operator names it, but it was never defined`)
  }
  return found
}
