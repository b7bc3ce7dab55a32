// Does a restored database equal what was backed up? Content by digest, structure by dumped schema, sequences by range.
import type { TableDigest } from '../core/data/tasks.ts'
import { PawlError } from '../core/errors.ts'
import type { ConnectionTarget } from '../ports/database.ts'
import type { PgTools } from '../ports/pgtools.ts'
import { digestViews, leaves } from './backup/evidence.ts'
import { lineDigests } from './compare-lines.ts'
import type { DataDeps, TaskContext } from './deps.ts'
import {
  describeParts,
  differences,
  partsBetween,
  rowsOfParts,
  type PartsDifference,
  type TableDifference,
} from './differences.ts'
import { digestOnLanes, type LanesInput } from './digest-lanes.ts'
import {
  addUp,
  countLargeObjects,
  digestLargeObjectRights,
  foldDigests,
  halfOf,
  LARGE_OBJECTS,
  sumPiece,
  tableInfo,
  type TableInfo,
} from './digest.ts'
import { stillThere, type EarlyTable } from './early-digest.ts'
import { rowsCompared } from './compare-progress.ts'
import { collationDifferences } from './globals/compare.ts'
import { readCollations, readDatabaseGlobals, readExtensions } from './globals/read.ts'
import { together } from './parallel.ts'
import { asExpectedTogether, readInterchangeable } from './partitions.ts'
import { canonicalSchema, schemaDifferences, schemaDigest, withoutOwners } from './schema-text.ts'
import { readSequences, sequenceFault } from './sequences.ts'
import { pins, TEXT_PINS, translateQuery, withConnection } from './session.ts'
import { listTables } from './sql/catalogue.ts'
import { displayName } from './sql/text.ts'
import type { StoredDatabase } from './stored-set.ts'
import type { Connection } from '../ports/database.ts'

export const ROWS_COUNTED = 'what is in the rows: they were counted and not read'

/** Of the tables that differ, in the facts of the error. */
const TABLES_SHOWN = 20

export interface Restored {
  target: ConnectionTarget
  tools: PgTools
  jobs: number
  /** What was read while it was restored. */
  early?: ReadonlyMap<string, EarlyTable>
  /** Rows are counted and not read: as many, whatever is in them. */
  countRows?: boolean
  /** No proof, and nothing is left to find but accidents on the way here: the first of the two sums of each table is enough, 64 bits. */
  recovering?: boolean
  /** Restored by a role that could not give objects to others: owners and rights are compared without the owner's name. */
  ownersChanged?: boolean
}

/** What was compared and equal, and what could not be. */
export interface Comparison {
  digest: string
  notCovered: string[]
}

function mismatch(role: string, message: string, facts: Record<string, unknown>, hint?: string): PawlError {
  const more = hint === undefined ? {} : { hint }
  return new PawlError({ code: 'proof-mismatch', message, facts: { role, ...facts }, ...more })
}

const WHICH_ROWS =
  'Do not rely on this backup set: take a new one, and keep this one for the vendor. The query in the facts ("-o json") shows the rows of those parts, in the source and in a copy restored by hand.'

function describe(difference: TableDifference, generated: ReadonlySet<string>): string {
  const { table, expectedRows, gotRows } = difference
  const where = describeParts(difference.parts)
  if (expectedRows !== gotRows) return `table ${table}: expected ${expectedRows} rows, got ${gotRows}${where}`
  const why = generated.has(table) ? ' (it has generated columns: their expression may give different values here)' : ''
  return `table ${table}: ${expectedRows} rows on both sides, but their content differs${where}${why}`
}

async function lookAtRestored(deps: DataDeps, context: TaskContext, stored: StoredDatabase, target: ConnectionTarget) {
  const { serverMajor } = stored.evidence
  return await withConnection(deps, target, pins(serverMajor), context.signal, async (connection) => {
    const tables = leaves((await connection.query(listTables(serverMajor))).map(tableInfo))
    return { tables, interchangeable: await readInterchangeable(connection) }
  })
}

async function digestRestored(
  deps: DataDeps,
  context: TaskContext,
  stored: StoredDatabase,
  { target, jobs, early, countRows, recovering = false }: Restored,
  tables: readonly TableInfo[],
): Promise<TableDigest[]> {
  const { serverMajor: major } = stored.evidence
  const input: LanesInput = {
    tables,
    major,
    jobs,
    // Parts cost a tenth more, and matter only where something differs.
    ...(countRows === true
      ? { how: () => 'count', largeObjects: countLargeObjects }
      : { how: () => (recovering ? 'half' : 'whole'), known: (table) => stillThere(early, table) }),
    connect: async (signal) => await deps.databases.connect(target, pins(major), signal),
    onRows: rowsCompared(context, stored.evidence),
  }
  return await digestOnLanes(input, context.signal)
}

function onlyRows({ table, rows }: TableDigest): TableDigest {
  return { table, rows, digest: '0/0' }
}

/** Reads the restored table once more, in parts, where the source's digest has them. */
async function narrow(
  deps: DataDeps,
  context: TaskContext,
  stored: StoredDatabase,
  { target }: Restored,
  table: TableInfo,
): Promise<PartsDifference | undefined> {
  const name = displayName(table.schema, table.name)
  const expected = stored.digests.tables.find((digest) => digest.table === name)
  if (expected?.parts === undefined) return undefined
  return await withConnection(deps, target, pins(stored.evidence.serverMajor), context.signal, async (connection) => {
    const sums = await sumPiece(connection, { table, range: {}, how: 'parts' })
    const got = addUp(name, new Map(sums.map((sum) => [sum.part, sum])), true)
    return partsBetween(expected, got)
  })
}

async function compareContent(
  deps: DataDeps,
  context: TaskContext,
  stored: StoredDatabase,
  restored: Restored,
): Promise<string> {
  const { role } = stored.evidence
  const { tables, interchangeable } = await lookAtRestored(deps, context, stored, restored.target)
  const counted = restored.countRows === true
  const lines = stored.digests.method === 'lines' && !counted
  const digest = lines ? lineDigests : digestRestored
  const half = restored.recovering === true && !lines
  const expected = stored.digests.tables.map(counted ? onlyRows : half ? halfOf : (table) => table)
  const read = await digest(deps, context, stored, restored, tables)
  const got = asExpectedTogether(expected, counted ? read.map(onlyRows) : read, interchangeable)
  const found = differences(expected, got)
  const [whole, ...more] = found
  if (whole === undefined) return half ? stored.evidence.digest : foldDigests(got)
  const table = tables.find(({ schema, name }) => displayName(schema, name) === whole.table)
  const parts = table === undefined ? undefined : await narrow(deps, context, stored, restored, table)
  const first = parts === undefined ? whole : { ...whole, parts }
  const others = more.length > 0 ? ` (and ${more.length} more)` : ''
  const query = table === undefined ? undefined : rowsOfParts(table, parts, TEXT_PINS)
  throw mismatch(
    role,
    `The restored database ${role} is not what was backed up: ${describe(first, new Set(stored.digests.generated))}${others}.`,
    {
      table: first.table,
      expectedRows: first.expectedRows,
      gotRows: first.gotRows,
      ...(first.parts === undefined ? {} : { parts: first.parts }),
      ...(query === undefined ? {} : { query }),
      tables: [first, ...more].slice(0, TABLES_SHOWN),
    },
    query === undefined ? undefined : WHICH_ROWS,
  )
}

async function compareSequences(connection: Connection, stored: StoredDatabase): Promise<void> {
  const { role } = stored.evidence
  const got = new Map((await readSequences(connection)).map((sequence) => [sequence.sequence, sequence.position]))
  for (const range of stored.digests.sequences) {
    const fault = sequenceFault(range, got.get(range.sequence))
    if (fault !== undefined)
      throw mismatch(role, `The restored database ${role} is not what was backed up: ${fault}.`, {
        sequence: range.sequence,
      })
  }
}

/** A materialized view is computed anew by a restore: its being filled must agree, its rows may legitimately not. */
async function compareViews(connection: Connection, stored: StoredDatabase): Promise<string[]> {
  const got = new Map(
    (await digestViews(connection, stored.digests.method === 'lines')).map((view) => [view.table, view]),
  )
  const notes: string[] = []
  for (const view of stored.digests.views) {
    const other = got.get(view.table)
    if (other?.populated !== view.populated) {
      const message = `The restored materialized view ${view.table} is ${other === undefined ? 'missing' : 'not filled as it was'}.`
      throw mismatch(stored.evidence.role, message, { table: view.table })
    }
    if (other.rows !== view.rows || other.digest !== view.digest) {
      notes.push(
        `materialized view ${view.table}: computed anew, ${other.rows} rows instead of ${view.rows} or other content`,
      )
    }
  }
  return notes
}

/** Where everything was given to one owner, owners and rights are what they are; that is said with the schema's. */
async function compareLargeObjectRights(
  connection: Connection,
  stored: StoredDatabase,
  restored: Restored,
): Promise<void> {
  if (restored.ownersChanged === true) return
  const { digest } = await digestLargeObjectRights(connection)
  if (digest === stored.digests.largeObjectRights) return
  const { role } = stored.evidence
  const message = `The restored database ${role} is not what was backed up: owners of large objects, or rights on them, differ.`
  throw mismatch(role, message, { table: LARGE_OBJECTS })
}

function compareExtensions(expected: Record<string, string>, got: Record<string, string>, role: string): string[] {
  const notes: string[] = []
  for (const [name, version] of Object.entries(expected)) {
    const other = got[name]
    if (other === undefined)
      throw mismatch(role, `The restored database ${role} has no extension ${name}.`, { extension: name })
    if (other !== version) notes.push(`extension ${name}: ${version} in the source, ${other} where it was restored`)
  }
  return notes
}

async function compareSchema(stored: StoredDatabase, restored: Restored, signal: AbortSignal): Promise<string[]> {
  const text = canonicalSchema(await restored.tools.dumpSchema(restored.target, undefined, signal))
  const { role } = stored.evidence
  if (schemaDigest(text) === stored.evidence.schemaDigest) return []
  const [expected, got] =
    restored.ownersChanged === true
      ? [withoutOwners(stored.digests.schema), withoutOwners(text)]
      : [stored.digests.schema, text]
  const { missing, unexpected } = schemaDifferences(expected, got)
  const first = missing[0] ?? unexpected[0]
  if (first === undefined)
    return restored.ownersChanged === true ? ['owners and rights of objects: restored as one owner'] : []
  const heads = (entries: readonly string[]): string[] =>
    entries.map((entry) => entry.split('\n')[0]?.replace(/^-- /, '') ?? '')
  const side = missing.length > 0 ? 'is missing or differs' : 'was not there before'
  throw mismatch(
    role,
    `The structure of the restored database ${role} is not what was backed up: ${heads([first])[0]} ${side}.`,
    {
      missing: heads(missing),
      unexpected: heads(unexpected),
    },
  )
}

/** Throws `proof-mismatch` naming the first thing that differs; in its facts `table`, `expectedRows`, `gotRows` for content. */
export async function compareRestored(
  deps: DataDeps,
  context: TaskContext,
  stored: StoredDatabase,
  where: Restored,
): Promise<Comparison> {
  const { role, serverMajor } = stored.evidence
  const restored = { ...where, target: { ...where.target, encoding: stored.globals.database.encoding } }
  try {
    // One connection and pg_dump use what the digests leave of the processors.
    const [digest, notes, schemaNotes] = await together<[string, string[], string[]]>(context.signal, [
      (signal) => compareContent(deps, { ...context, signal }, stored, restored),
      (signal) =>
        withConnection(deps, restored.target, pins(serverMajor), signal, async (connection) => {
          await compareSequences(connection, stored)
          await compareLargeObjectRights(connection, stored, restored)
          const extensions = compareExtensions(stored.globals.extensions, await readExtensions(connection), role)
          const place = await readDatabaseGlobals(connection, restored.target.database, serverMajor)
          const collations = await readCollations(connection)
          const order = collationDifferences(stored.globals, { ...place, collations })
          return [...extensions, ...order, ...(await compareViews(connection, stored))]
        }),
      (signal) => compareSchema(stored, restored, signal),
    ])
    const counted = where.countRows === true ? [ROWS_COUNTED] : []
    return { digest, notCovered: [...counted, ...stored.digests.notCovered, ...notes, ...schemaNotes] }
  } catch (error) {
    throw translateQuery(error, `Comparing the restored database ${role}`)
  }
}
