// Content digests: count and two 64 bit sums of hashes of each row's text. Sums do not depend on the order of rows, and unlike
// XOR they do not cancel duplicates; both sides run the same SQL under the same pinned settings, so equal means equal.
import { createHash } from 'node:crypto'
import type { TableDigest } from '../core/data/tasks.ts'
import type { Connection, Row } from '../ports/database.ts'
import { one, text } from './session.ts'
import { displayName, identifier, qualified } from './sql/text.ts'

export const LARGE_OBJECTS = 'pg_largeobject'

export interface TableInfo {
  oid: string
  schema: string
  name: string
  kind: string
  pages: number
  /** Rows as the planner estimates them; for progress only. */
  estimate: number
  /** `WHERE ...` of an extension's configuration table: only these rows are dumped. */
  condition?: string
  columns: string[]
  generated: boolean
}

export function tableInfo(row: Row): TableInfo {
  return {
    oid: text(row, 'oid'),
    schema: text(row, 'schema'),
    name: text(row, 'name'),
    kind: text(row, 'kind'),
    pages: Number(text(row, 'pages')),
    estimate: Number(text(row, 'estimate')),
    columns: JSON.parse(text(row, 'columns')) as string[],
    generated: text(row, 'generated') === 'true',
    ...(row['condition'] === null || row['condition'] === undefined || row['condition'] === ''
      ? {}
      : { condition: row['condition'] }),
  }
}

const SUMS = `count(*)::text as rows, coalesce(sum(hashtextextended(x, 0)), 0)::text as low, coalesce(sum(hashtextextended(x, 1)), 0)::text as high`

/** `offset 0` keeps the planner from computing the text twice, once for each seed. */
export function relationDigestSql(schema: string, name: string, columns: readonly string[], condition = ''): string {
  const values = columns.map((column) => `t.${identifier(column)}`).join(', ')
  return `select ${SUMS} from (select row(${values})::text collate "C" as x from only ${qualified(schema, name)} t ${condition} offset 0) q`
}

/** Large objects are read in pieces of this size: one may be 4 TB, and a value in SQL at most 1 GB. */
const PIECE_BYTES = 16 * 1024 * 1024

/** Needs only the right to read each large object; the system table itself is for superusers. */
export const LARGE_OBJECTS_SQL = `
  with recursive piece as (
    select m.oid, 0::bigint as place, octet_length(d.data) as size, encode(sha256(d.data), 'hex') as hash
    from pg_largeobject_metadata m cross join lateral (select lo_get(m.oid, 0, ${PIECE_BYTES}) as data offset 0) d
    union all
    select p.oid, p.place + ${PIECE_BYTES}, octet_length(d.data), encode(sha256(d.data), 'hex')
    from piece p cross join lateral (select lo_get(p.oid, p.place + ${PIECE_BYTES}, ${PIECE_BYTES}) as data offset 0) d
    where p.size = ${PIECE_BYTES}
  )
  select count(*) filter (where place = 0)::text as rows,
    coalesce(sum(hashtextextended(x, 0)), 0)::text as low, coalesce(sum(hashtextextended(x, 1)), 0)::text as high
  from (select place, (oid::text || ':' || place || ':' || hash) collate "C" as x from piece offset 0) q`

function digestOf(table: string, row: Row): TableDigest {
  return { table, rows: text(row, 'rows'), digest: `${text(row, 'low')}/${text(row, 'high')}` }
}

export async function digestTable(connection: Connection, table: TableInfo): Promise<TableDigest> {
  const sql = relationDigestSql(table.schema, table.name, table.columns, table.condition)
  return digestOf(displayName(table.schema, table.name), one(await connection.query(sql)))
}

export async function digestLargeObjects(connection: Connection): Promise<TableDigest> {
  return digestOf(LARGE_OBJECTS, one(await connection.query(LARGE_OBJECTS_SQL)))
}

export async function digestView(
  connection: Connection,
  schema: string,
  name: string,
  columns: string[],
): Promise<TableDigest> {
  const sql = relationDigestSql(schema, name, columns).replace(' from only ', ' from ')
  return digestOf(displayName(schema, name), one(await connection.query(sql)))
}

/** One line to compare a whole database by: SHA-256 over `table rows digest`, sorted by table. */
export function foldDigests(tables: readonly TableDigest[]): string {
  const lines = tables.map((table) => `${table.table} ${table.rows} ${table.digest}\n`).toSorted()
  return createHash('sha256').update(lines.join('')).digest('hex')
}

export function sumRows(tables: readonly TableDigest[]): string {
  const rows = tables
    .filter((table) => table.table !== LARGE_OBJECTS)
    .reduce((sum, table) => sum + BigInt(table.rows), 0n)
  return rows.toString()
}

export interface TableDifference {
  table: string
  expectedRows: string
  gotRows: string
}

/** Every table in which the two sides differ, by name; `missing` and `unexpected` where only one side has it. */
export function differences(expected: readonly TableDigest[], got: readonly TableDigest[]): TableDifference[] {
  const there = new Map(got.map((table) => [table.table, table]))
  const found: TableDifference[] = []
  for (const table of expected) {
    const other = there.get(table.table)
    there.delete(table.table)
    if (other?.rows === table.rows && other.digest === table.digest) continue
    found.push({ table: table.table, expectedRows: table.rows, gotRows: other?.rows ?? 'missing' })
  }
  for (const extra of there.values()) found.push({ table: extra.table, expectedRows: 'none', gotRows: extra.rows })
  return found
}
