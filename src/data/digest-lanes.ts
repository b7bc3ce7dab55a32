// Digests of all tables of a database, on several connections at once. A huge table would keep one of them long after the others
// are done: it is read in pieces, each a range of its pages, and whoever is free takes the next one.
import type { TableDigest } from '../core/data/tasks.ts'
import type { Connection } from '../ports/database.ts'
import {
  addPiece,
  addUp,
  countRows,
  LARGE_OBJECTS,
  sumLargeObjects,
  sumPiece,
  type PageRange,
  type Summing,
  type Sums,
  type TableInfo,
} from './digest.ts'
import { inParallel } from './parallel.ts'
import { translateQuery } from './session.ts'
import { displayName } from './sql/text.ts'

/** 128 MB: a second's work, so that the last pieces end nearly together. */
const PAGES_PER_PIECE = 16_384
/** Reading a range of pages without reading all before it came with 14. */
export const RANGES_SINCE = 14

/** Together they have every page once: the first and the last are open, for a table may be longer than was seen. */
export function pageRanges(pages: number, perPiece = PAGES_PER_PIECE): PageRange[] {
  const count = Math.max(1, Math.ceil(pages / perPiece))
  return Array.from({ length: count }, (_, at) => ({
    ...(at === 0 ? {} : { from: at * perPiece }),
    ...(at === count - 1 ? {} : { to: (at + 1) * perPiece }),
  }))
}

export interface LanesInput {
  tables: readonly TableInfo[]
  major: number
  jobs: number
  /** How it is summed; or only its rows counted, and nothing read. */
  how: (table: TableInfo) => Summing | 'count'
  connect: (signal: AbortSignal) => Promise<Connection>
  /** Told after each piece how many rows were in it. */
  onRows: (rows: number) => void
  /** Absent: the digest of their content. */
  largeObjects?: (connection: Connection) => Promise<Sums[]>
  /** Pieces of a table that were read already; absent, or undefined of a table: none. */
  known?: (table: TableInfo) => { sums: Map<number, Sums>; remaining: readonly PageRange[] } | undefined
  /** Other than 128 MB. */
  pagesPerPiece?: number
}

interface Work {
  table: string
  run: (connection: Connection) => Promise<Sums[]>
}

function worksOf({ tables, major, how, known, pagesPerPiece, largeObjects = sumLargeObjects }: LanesInput): Work[] {
  const works = tables.flatMap((info) => {
    const table = displayName(info.schema, info.name)
    const summing = how(info)
    if (summing === 'count') return [{ table, run: async (on: Connection) => await countRows(on, info) }]
    const whole = major < RANGES_SINCE || info.condition !== undefined
    const ranges = known?.(info)?.remaining ?? pageRanges(whole ? 0 : info.pages, pagesPerPiece)
    return ranges.map((range) => ({
      table,
      run: async (on: Connection) => await sumPiece(on, { table: info, range, how: summing }),
    }))
  })
  return [...works, { table: LARGE_OBJECTS, run: largeObjects }]
}

function rowsIn(sums: Iterable<Sums>): number {
  let rows = 0
  for (const sum of sums) rows += Number(sum.rows)
  return rows
}

/** In the given order of tables, large objects last. An abort closes the connections, which ends the queries on the server too. */
export async function digestOnLanes(input: LanesInput, signal: AbortSignal): Promise<TableDigest[]> {
  const works = worksOf(input)
  const found = new Map<string, Map<number, Sums>>()
  for (const table of input.tables) {
    const sums = input.known?.(table)?.sums ?? new Map<number, Sums>()
    found.set(displayName(table.schema, table.name), sums)
    input.onRows(rowsIn(sums.values()))
  }
  found.set(LARGE_OBJECTS, new Map())
  const lanes = new Map<number, Connection>()
  const close = (): void => void Promise.all([...lanes.values()].map((connection) => connection.close()))
  signal.addEventListener('abort', close, { once: true })
  try {
    await inParallel(works, input.jobs, signal, async ({ table, run }, inner, lane) => {
      const connection = lanes.get(lane) ?? (await input.connect(inner))
      lanes.set(lane, connection)
      try {
        const sums = await run(connection)
        addPiece(found.get(table) ?? new Map(), sums)
        input.onRows(rowsIn(sums))
      } catch (error) {
        inner.throwIfAborted()
        throw translateQuery(error, `Reading ${table}`)
      }
    })
  } finally {
    signal.removeEventListener('abort', close)
    await Promise.all([...lanes.values()].map((connection) => connection.close()))
  }
  const split = new Set(
    input.tables.filter((table) => input.how(table) === 'parts').map((table) => displayName(table.schema, table.name)),
  )
  return [...found].map(([table, sums]) => addUp(table, sums, split.has(table)))
}
