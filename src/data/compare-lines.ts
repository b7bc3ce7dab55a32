// The digest of a restored database by lines, for a set whose source was only counted: each table is copied out, as a dump would.
import type { TableDigest } from '../core/data/tasks.ts'
import type { ConnectionTarget } from '../ports/database.ts'
import type { PgTools } from '../ports/pgtools.ts'
import { rowsCompared } from './compare-progress.ts'
import type { DataDeps, TaskContext } from './deps.ts'
import { addUp, LARGE_OBJECT_LINES_SQL, LARGE_OBJECTS, valuesOf, type TableInfo } from './digest.ts'
import { sumLargeObjects, sumLines } from './lines.ts'
import { inParallel } from './parallel.ts'
import { displayName, qualified } from './sql/text.ts'
import type { StoredDatabase } from './stored-set.ts'

export interface LinesOf {
  target: ConnectionTarget
  tools: PgTools
  jobs: number
}

/** The columns in the order of the dump: a restored table may have them in another one, a child of others for example. */
function copyQuery(table: TableInfo, columns: readonly string[]): string {
  return `select ${valuesOf(columns)} from only ${qualified(table.schema, table.name)} t ${table.condition ?? ''}`
}

export async function lineDigests(
  deps: DataDeps,
  context: TaskContext,
  stored: StoredDatabase,
  { target, tools, jobs }: LinesOf,
  tables: readonly TableInfo[],
): Promise<TableDigest[]> {
  const found: TableDigest[] = []
  const compared = rowsCompared(context, stored.evidence)
  await inParallel(tables, jobs, context.signal, async (table, signal) => {
    const name = displayName(table.schema, table.name)
    const columns = stored.digests.columns?.[name] ?? table.copied
    const { sums } = await tools.copyOut(target, copyQuery(table, columns), sumLines, signal)
    found.push(addUp(name, new Map([[0, sums]])))
    compared(Number(sums.rows))
  })
  const objects = await tools.copyOut(target, LARGE_OBJECT_LINES_SQL, sumLargeObjects, context.signal)
  return [...found, addUp(LARGE_OBJECTS, new Map([[0, objects]]))]
}
