// Content digests: count and two sums of 64 bit hashes of each row. Sums do not depend on the order of rows, and unlike XOR they
// do not cancel duplicates; both sides run the same SQL under the same pinned settings, so equal means equal.
import { createHash } from 'node:crypto'
import type { TableDigest } from '../core/data/tasks.ts'
import type { Connection, Row } from '../ports/database.ts'
import { one, text } from './session.ts'
import { rowHash, rowHashes, type Column } from './sql/row-hash.ts'
import { displayName, identifier, qualified } from './sql/text.ts'

export const LARGE_OBJECTS = 'pg_largeobject'

export interface TableInfo {
  oid: string
  schema: string
  name: string
  kind: string
  /** As it is on disk now; 0 where the table is not kept in pages. */
  pages: number
  /** Number of its file. */
  filenode: string
  /** Of all its indexes, as the planner estimates them. */
  indexBytes: number
  /** Rows as the planner estimates them; for progress only. */
  estimate: number
  /** `WHERE ...` of an extension's configuration table: only these rows are dumped. */
  condition?: string
  /** By name. */
  columns: Column[]
  /** Those that COPY writes into a dump, in its order. */
  copied: string[]
  generated: boolean
}

export function columnsOf(row: Row): Column[] {
  return (JSON.parse(text(row, 'columns')) as [string, string][]).map(([name, type]) => ({ name, type }))
}

export function tableInfo(row: Row): TableInfo {
  return {
    oid: text(row, 'oid'),
    schema: text(row, 'schema'),
    name: text(row, 'name'),
    kind: text(row, 'kind'),
    pages: Number(text(row, 'pages')),
    filenode: text(row, 'filenode'),
    indexBytes: Number(text(row, 'index_bytes')),
    estimate: Number(text(row, 'estimate')),
    columns: columnsOf(row),
    copied: JSON.parse(text(row, 'copied')) as string[],
    generated: text(row, 'generated') === 'true',
    ...(row['condition'] === null || row['condition'] === undefined || row['condition'] === ''
      ? {}
      : { condition: row['condition'] }),
  }
}

/** Rows that lie in these pages of the table; open at an end that has no number. */
export interface PageRange {
  from?: number
  to?: number
}

/**
 * `parts`: in `PARTS` of them, each row in the part that its own hash names, the same wherever it lies. `whole`: in one. `half`: the first of
 * the two sums of that alone, which costs less.
 */
export type Summing = 'parts' | 'whole' | 'half'

export interface Piece {
  table: TableInfo
  range: PageRange
  how: Summing
}

/** Of the rows of one part, or of all (part 0). */
export interface Sums {
  part: number
  rows: bigint
  low: bigint
  high: bigint
}

export const PARTS = 64

/** Of the table that the query calls `t`. */
export function valuesOf(columns: readonly string[]): string {
  return columns.map((column) => `t.${identifier(column)}`).join(', ')
}

const HASHES = `coalesce(sum(low), 0)::text as low, coalesce(sum(high), 0)::text as high`
const WHOLE = `0 as part, count(*)::text as rows, ${HASHES}`

export function relationDigestSql(schema: string, name: string, columns: readonly Column[], condition = ''): string {
  return `select ${WHOLE} from (${rowHashes(`only ${qualified(schema, name)}`, columns, condition)}) q`
}

/** Where the rows of one part are: the condition is the same for the source, a restored copy and every major. */
export function partSql(columns: readonly Column[]): string {
  return `(${rowHash(columns)} & ${PARTS - 1})`
}

function inRange({ from, to }: PageRange): string {
  const ends = [from === undefined ? '' : `t.ctid >= '(${from},0)'`, to === undefined ? '' : `t.ctid < '(${to},0)'`]
  const both = ends.filter((end) => end !== '').join(' and ')
  return both === '' ? '' : `where ${both}`
}

export function pieceSql({ table, range, how }: Piece): string {
  const condition = table.condition ?? inRange(range)
  const relation = `only ${qualified(table.schema, table.name)}`
  if (how === 'half')
    return `select 0 as part, count(*)::text as rows, coalesce(sum(${rowHash(table.columns)}), 0)::text as low, '0' as high from ${relation} t ${condition}`
  if (how === 'whole') return relationDigestSql(table.schema, table.name, table.columns, condition)
  const hashes = rowHashes(relation, table.columns, condition)
  return `select (low & ${PARTS - 1})::text as part, count(*)::text as rows, ${HASHES} from (${hashes} offset 0) q group by low & ${PARTS - 1}`
}

/** Large objects are read in pieces of this size: one may be 4 TB, and a value in SQL at most 1 GB. */
export const PIECE_BYTES = 16 * 1024 * 1024

/** Needs only the right to read each large object; the system table itself is for superusers. */
const LARGE_OBJECT_PIECES = `
  with recursive piece as (
    select m.oid, 0::bigint as place, octet_length(d.data) as size, encode(sha256(d.data), 'hex') as hash
    from pg_largeobject_metadata m cross join lateral (select lo_get(m.oid, 0, ${PIECE_BYTES}) as data offset 0) d
    union all
    select p.oid, p.place + ${PIECE_BYTES}, octet_length(d.data), encode(sha256(d.data), 'hex')
    from piece p cross join lateral (select lo_get(p.oid, p.place + ${PIECE_BYTES}, ${PIECE_BYTES}) as data offset 0) d
    where p.size = ${PIECE_BYTES}
  )`

/** Of texts that are few. */
const TEXT_HASHES = `coalesce(sum(hashtextextended(x, 0)), 0)::text as low, coalesce(sum(hashtextextended(x, 1)), 0)::text as high`

const LARGE_OBJECTS_SQL = `
  ${LARGE_OBJECT_PIECES} select 0 as part, count(*) filter (where place = 0)::text as rows, ${TEXT_HASHES}
  from (select place, (oid::text || ':' || place || ':' || hash) collate "C" as x from piece offset 0) q`

/** One line for each piece, for whoever sums them himself. */
export const LARGE_OBJECT_LINES_SQL = `${LARGE_OBJECT_PIECES} select oid::text || ':' || place || ':' || hash as line from piece`

/** Owner and rights of each; no dumped schema has them. What nobody ever granted is what the owner has by default. */
const LARGE_OBJECT_RIGHTS_SQL = `
  select 0 as part, count(*)::text as rows, ${TEXT_HASHES}
  from (
    select (m.oid::text || ':' || pg_get_userbyid(m.lomowner) || ':' || (
      select string_agg(concat_ws('/', case when a.grantee = 0 then '' else pg_get_userbyid(a.grantee) end, a.privilege_type, a.is_grantable), ',' order by
        case when a.grantee = 0 then '' else pg_get_userbyid(a.grantee) end collate "C", a.privilege_type collate "C", a.is_grantable)
      from aclexplode(coalesce(m.lomacl, acldefault('L', m.lomowner))) a)) collate "C" as x
    from pg_largeobject_metadata m offset 0) q`

function sumsOf(row: Row): Sums {
  return {
    part: Number(text(row, 'part')),
    rows: BigInt(text(row, 'rows')),
    low: BigInt(text(row, 'low')),
    high: BigInt(text(row, 'high')),
  }
}

const COUNT = `select 0 as part, count(*)::text as rows, 0 as low, 0 as high from`

/** Rows only: reads no value of any of them. */
export async function countRows(connection: Connection, { schema, name, condition = '' }: TableInfo): Promise<Sums[]> {
  return (await connection.query(`${COUNT} only ${qualified(schema, name)} t ${condition}`)).map(sumsOf)
}

export async function countLargeObjects(connection: Connection): Promise<Sums[]> {
  return (await connection.query(`${COUNT} pg_largeobject_metadata`)).map(sumsOf)
}

export async function sumPiece(connection: Connection, piece: Piece): Promise<Sums[]> {
  return (await connection.query(pieceSql(piece))).map(sumsOf)
}

export async function digestLargeObjectRights(connection: Connection): Promise<TableDigest> {
  return addUp(LARGE_OBJECTS, new Map([[0, sumsOf(one(await connection.query(LARGE_OBJECT_RIGHTS_SQL)))]]))
}

export async function sumLargeObjects(connection: Connection): Promise<Sums[]> {
  return [sumsOf(one(await connection.query(LARGE_OBJECTS_SQL)))]
}

function plus(one: Sums | undefined, other: Sums): Sums {
  if (one === undefined) return other
  return { part: one.part, rows: one.rows + other.rows, low: one.low + other.low, high: one.high + other.high }
}

/** Adds to what is known of a table's parts (by their number) what another piece of it has. */
export function addPiece(known: Map<number, Sums>, sums: readonly Sums[]): void {
  for (const sum of sums) known.set(sum.part, plus(known.get(sum.part), sum))
}

const NOTHING = { rows: 0n, low: 0n, high: 0n }

function lineOf({ rows, low, high }: Omit<Sums, 'part'>): { rows: string; digest: string } {
  return { rows: rows.toString(), digest: `${low}/${high}` }
}

/** What the pieces of one table add up to, whatever the pieces were. */
export function addUp(table: string, sums: ReadonlyMap<number, Sums>, byPart = false): TableDigest {
  const whole = { table, ...lineOf([...sums.values()].reduce(plus, { part: 0, ...NOTHING })) }
  if (!byPart) return whole
  const parts = Array.from({ length: PARTS }, (_, part) => {
    const { rows, digest } = lineOf(sums.get(part) ?? NOTHING)
    return `${rows} ${digest}`
  })
  return { ...whole, parts }
}

/** As `lineOf` wrote them. */
function sumsIn(part: number, rows: string, digest: string): Sums {
  const [low = '', high = ''] = digest.split('/')
  return { part, rows: BigInt(rows), low: BigInt(low), high: BigInt(high) }
}

/** What a table's digest is where only the first of its two sums is known; large objects, which are few, are always read in full. */
export function halfOf(digest: TableDigest): TableDigest {
  if (digest.table === LARGE_OBJECTS) return digest
  return { ...digest, digest: digest.digest.replace(/[/].*/, '/0') }
}

/** What several tables hold together, as if they were one. */
export function addTables(table: string, digests: readonly TableDigest[]): TableDigest {
  return addUp(table, new Map(digests.map(({ rows, digest }, part) => [part, sumsIn(part, rows, digest)])))
}

/** False where the parts of a table are not parts of its digest. */
export function partsAgree({ table, rows, digest, parts }: TableDigest): boolean {
  if (parts === undefined) return true
  const sums = parts.map((line, part): [number, Sums] => {
    const [count = '', digest = ''] = line.split(' ')
    return [part, sumsIn(part, count, digest)]
  })
  const whole = addUp(table, new Map(sums))
  return whole.rows === rows && whole.digest === digest
}

export async function digestView(
  connection: Connection,
  schema: string,
  name: string,
  columns: readonly Column[],
): Promise<TableDigest> {
  const sql = `select ${WHOLE} from (${rowHashes(qualified(schema, name), columns, '')}) q`
  return addUp(displayName(schema, name), new Map([[0, sumsOf(one(await connection.query(sql)))]]))
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
