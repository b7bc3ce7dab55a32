// Partitions that a restore fills differently: the hash of an enum's value is that of its number, which every database draws anew,
// so pg_dump has such tables loaded through their parent and each row goes where it belongs there. Together they hold the same rows.
// https://github.com/postgres/postgres/blob/REL_17_STABLE/src/bin/pg_dump/pg_dump.c, getPartitioningInfo
import type { TableDigest } from '../core/data/tasks.ts'
import type { Connection } from '../ports/database.ts'
import { addTables } from './digest.ts'
import { text } from './session.ts'
import { HASHED_BY_ENUM } from './sql/catalogue.ts'
import { displayName } from './sql/text.ts'

/** Name of a leaf table to something that it has in common with those its rows may lie in instead. */
export type Interchangeable = ReadonlyMap<string, string>

export async function readInterchangeable(connection: Connection): Promise<Interchangeable> {
  const rows = await connection.query(HASHED_BY_ENUM)
  return new Map(rows.map((row) => [displayName(text(row, 'schema'), text(row, 'name')), text(row, 'parent')]))
}

function byParent(tables: readonly TableDigest[], interchangeable: Interchangeable): Map<string, TableDigest[]> {
  return Map.groupBy(
    tables.filter(({ table }) => interchangeable.has(table)),
    ({ table }) => interchangeable.get(table) ?? '',
  )
}

/** What was got, but for leaves that hold the expected rows all together: those as they were expected. */
export function asExpectedTogether(
  expected: readonly TableDigest[],
  got: readonly TableDigest[],
  interchangeable: Interchangeable,
): TableDigest[] {
  const wanted = byParent(expected, interchangeable)
  const equal = [...byParent(got, interchangeable)].flatMap(([parent, there]) => {
    const those = wanted.get(parent) ?? []
    const [one, other] = [addTables(parent, those), addTables(parent, there)]
    return those.length === there.length && one.rows === other.rows && one.digest === other.digest ? [parent] : []
  })
  const settled = (table: string): boolean => equal.includes(interchangeable.get(table) ?? '')
  return [...got.filter(({ table }) => !settled(table)), ...expected.filter(({ table }) => settled(table))]
}
