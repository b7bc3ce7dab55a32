// Digests of one database inside the dump's own snapshot: every table, materialized view and large object.
import type { DatabaseTarget, TableDigest } from '../../core/data/tasks.ts'
import type { Connection, ConnectionTarget } from '../../ports/database.ts'
import type { DataDeps, TaskContext } from '../deps.ts'
import { digestOnLanes } from '../digest-lanes.ts'
import { columnsOf, countLargeObjects, digestView, type TableInfo } from '../digest.ts'
import type { Digests } from '../manifest.ts'
import { one, pins, text } from '../session.ts'
import {
  LIST_ADDED_TO_FAMILIES,
  LIST_MATERIALIZED_VIEWS,
  LIST_UNCOVERED,
  LIST_UNDEFINED_OPERATORS,
} from '../sql/catalogue.ts'
import { displayName, literal, qualified } from '../sql/text.ts'
import { listAmongOwn, listAroundExtensions } from './uncovered.ts'

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
  /** Count rows, read nothing. */
  count: boolean
}

/** Leaf tables only: a partitioned parent has no rows of its own. */
export function leaves(tables: readonly TableInfo[]): TableInfo[] {
  return tables.filter((table) => table.kind === 'r')
}

/** As the planner believes: for progress only. */
export function estimatedRows(tables: readonly TableInfo[]): number {
  return leaves(tables).reduce((sum, table) => sum + table.estimate, 0)
}

/** Less than this takes no time worth mentioning. */
const INDEX_BYTES_WORTH_IT = 1024 * 1024

export function indexSizes(tables: readonly TableInfo[]): Record<string, number> {
  const big = leaves(tables).filter(({ indexBytes }) => indexBytes >= INDEX_BYTES_WORTH_IT)
  return Object.fromEntries(big.map(({ schema, name, indexBytes }) => [displayName(schema, name), indexBytes]))
}

/** 8 MB: from here on a table's digest has parts. They are a few kilobytes of evidence for each such table. */
const PAGES_WITH_PARTS = 1024

/** The biggest table first, on `jobs` connections. */
export async function digestAll(
  deps: DataDeps,
  context: TaskContext,
  input: DigestInput,
  signal: AbortSignal,
): Promise<TableDigest[]> {
  const { target, major, snapshot } = input
  const tables = leaves(input.tables)
  const estimated = estimatedRows(tables)
  const { role } = input.database
  let rows = 0
  context.report({ phase: 'digest', role, rows, rowsTotal: estimated })
  const found = await digestOnLanes(
    {
      tables,
      major,
      jobs: input.jobs,
      how: (table) => (input.count ? 'count' : table.pages >= PAGES_WITH_PARTS ? 'parts' : 'whole'),
      ...(input.count ? { largeObjects: countLargeObjects } : {}),
      connect: async (inner) => await importSnapshot(deps, target, major, snapshot, inner),
      onRows: (more) => {
        rows += more
        context.report({ phase: 'digest', role, rows, rowsTotal: Math.max(rows, estimated) })
      },
    },
    signal,
  )
  context.report({ phase: 'digest', role, rows, rowsTotal: rows })
  return found.toSorted((left, right) => (left.table < right.table ? -1 : 1))
}

/** Instead of a digest where a view's rows were only counted. */
const ONLY_COUNTED = 'counted'

export async function digestViews(connection: Connection, countOnly = false): Promise<Digests['views']> {
  const found: Digests['views'] = []
  for (const row of await connection.query(LIST_MATERIALIZED_VIEWS)) {
    const [schema, name] = [text(row, 'schema'), text(row, 'name')]
    if (text(row, 'populated') === 'true' && countOnly) {
      const counted = one(await connection.query(`select count(*)::text as rows from ${qualified(schema, name)}`))
      found.push({
        table: displayName(schema, name),
        populated: true,
        rows: text(counted, 'rows'),
        digest: ONLY_COUNTED,
      })
    } else if (text(row, 'populated') === 'true') {
      const digest = await digestView(connection, schema, name, columnsOf(row))
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
  found.push(...(await listAroundExtensions(connection)))
  for (const row of await connection.query(LIST_UNDEFINED_OPERATORS)) {
    const operator = `${text(row, 'schema')}.${text(row, 'name')} (${text(row, 'left')}, ${text(row, 'right')})`
    found.push(`operator ${operator}: another operator names it, but it was never defined`)
  }
  for (const row of await connection.query(LIST_ADDED_TO_FAMILIES)) {
    found.push(`${text(row, 'member')}: added to a family of PostgreSQL's own, which no dump holds`)
  }
  return [...found, ...(await listAmongOwn(connection))]
}
