// Digests of tables while pg_restore still builds their indexes: the last indexes are built one by one, by fewer workers than there
// are processors, and what is left over reads the tables that are loaded already. Nothing that a restore does later writes to them.
import { QueryFailed, type Connection, type ConnectionTarget, type Row } from '../ports/database.ts'
import type { PgTools } from '../ports/pgtools.ts'
import type { DataDeps, TaskContext } from './deps.ts'
import { pageRanges, RANGES_SINCE } from './digest-lanes.ts'
import { addPiece, sumPiece, tableInfo, type PageRange, type Sums, type TableInfo } from './digest.ts'
import { one, pins, text, withConnection } from './session.ts'
import { readInterchangeable } from './partitions.ts'
import { holdsAlone, listTables, sizeInPages } from './sql/catalogue.ts'
import { displayName } from './sql/text.ts'
import type { StoredDatabase } from './stored-set.ts'

/** A table that was read in part. It counts only where the table is the same file of the same length when the restore has ended. */
export interface EarlyTable {
  filenode: string
  pages: number
  sums: Map<number, Sums>
  /** Not read yet. */
  remaining: PageRange[]
}

export interface EarlyDigests {
  /** The rows of a table of the dump (its file's name up to `.dat`) are there. */
  loaded: (stem: string) => void
  /** Whether there is a processor to spare; begins with none. */
  mayRead: (may: boolean) => void
  /** Ends the piece that is being read and begins no other; by the table's oid. Never rejects. */
  end: () => Promise<Map<string, EarlyTable>>
}

/** 8 MB: a smaller one is read as fast later. */
const PAGES_WORTH_IT = 1024
/** pg_restore may hold a table for as long as the building of its primary key takes: others are read meanwhile. */
const LOOK_AGAIN_MS = 200
/** Between the look and the reading it may still come first. */
const LOCK_WAIT = '1s'
const LOCK_NOT_AVAILABLE = '55P03'

export interface Restoring {
  target: ConnectionTarget
  tools: PgTools
  /** The dump's. */
  directory: string
  /** As the comparison will read the rest. */
  half: boolean
}

export function earlyDigests(
  deps: DataDeps,
  context: TaskContext,
  stored: StoredDatabase,
  { target, tools, directory, half }: Restoring,
): EarlyDigests {
  const major = stored.evidence.serverMajor
  const found = new Map<string, EarlyTable>()
  const waiting: string[] = []
  let spare = false
  const ended = new AbortController()
  let changed = Promise.withResolvers<void>()
  let working: Promise<void> | undefined

  function wake(): void {
    changed.resolve()
    changed = Promise.withResolvers()
  }
  ended.signal.addEventListener('abort', wake)

  /** By stem; only those that are loaded as a whole when their own file is. */
  async function candidates(connection: Connection): Promise<Map<string, TableInfo>> {
    const tables = (await connection.query(listTables(major, false))).map(tableInfo)
    const interchangeable = await readInterchangeable(connection)
    const byName = new Map(tables.map((table) => [`${table.schema}.${table.name}`, table]))
    const stems = (await tools.contents(directory, context.signal)).flatMap(
      ({ stem, table }): [string, TableInfo][] => {
        const info = byName.get(table)
        if (info?.kind !== 'r' || info.condition !== undefined) return []
        return interchangeable.has(displayName(info.schema, info.name)) ? [] : [[stem, info]]
      },
    )
    return new Map(stems)
  }

  async function begin(connection: Connection, table: TableInfo): Promise<EarlyTable | undefined> {
    const { filenode, pages } = sizeOf(one(await connection.query(sizeInPages(table.oid))))
    if (pages < PAGES_WORTH_IT) return undefined
    const early = { filenode, pages, sums: new Map(), remaining: pageRanges(major < RANGES_SINCE ? 0 : pages) }
    found.set(table.oid, early)
    return early
  }

  /** `held`: pg_restore has the table for itself just now, or every processor has other work again. */
  async function readOn(connection: Connection, table: TableInfo): Promise<'held' | 'read' | 'done'> {
    const held = (await connection.query(holdsAlone(table.oid))).length > 0
    if (held || !spare) return 'held'
    try {
      const early = found.get(table.oid) ?? (await begin(connection, table))
      const [range] = early?.remaining ?? []
      if (early === undefined || range === undefined) return 'done'
      addPiece(early.sums, await sumPiece(connection, { table, range, how: half ? 'half' : 'whole' }))
      early.remaining.shift()
      return early.remaining.length > 0 ? 'read' : 'done'
    } catch (error) {
      if (error instanceof QueryFailed && error.state === LOCK_NOT_AVAILABLE) return 'held'
      throw error
    }
  }

  async function work(connection: Connection): Promise<void> {
    const tables = await candidates(connection)
    let open: TableInfo[] = []
    let heldInTurn = 0
    while (!ended.signal.aborted) {
      // Before looking: what comes while a question is asked must not be missed.
      const next = changed.promise
      for (const stem of waiting.splice(0)) {
        const table = tables.get(stem)
        if (table !== undefined) open.push(table)
      }
      const [table, ...others] = open
      if (table === undefined || !spare) {
        await next
        continue
      }
      const went = await readOn(connection, table)
      if (went === 'done') open = others
      heldInTurn = went === 'held' ? heldInTurn + 1 : 0
      if (went !== 'held') continue
      open = [...others, table]
      if (heldInTurn >= open.length) await deps.clock.sleep(LOOK_AGAIN_MS, ended.signal).catch(() => undefined)
    }
  }

  function start(): void {
    // Lines of a dump are compared otherwise.
    if (stored.digests.method === 'lines') return
    const settings = { ...pins(major), lock_timeout: LOCK_WAIT }
    working ??= withConnection(deps, target, settings, context.signal, work).catch(() => {
      // Whatever it was, the comparison reads everything that is not found here, and meets it again.
      found.clear()
    })
  }

  return {
    loaded(stem) {
      waiting.push(stem)
      start()
      wake()
    },
    mayRead(may) {
      spare = may
      if (may) wake()
    },
    async end() {
      ended.abort()
      await working
      return found
    },
  }
}

function sizeOf(row: Row): { filenode: string; pages: number } {
  return { filenode: text(row, 'filenode'), pages: Number(text(row, 'pages')) }
}

/** What may be used of it: pieces of a table that is still the one that was read. */
export function stillThere(
  early: ReadonlyMap<string, EarlyTable> | undefined,
  table: TableInfo,
): EarlyTable | undefined {
  const found = early?.get(table.oid)
  return found?.filenode === table.filenode && found.pages === table.pages ? found : undefined
}
