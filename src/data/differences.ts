// Where two sets of digests differ: by table, and in a big table by part, with the query that shows the rows of those parts.
import type { TableDigest } from '../core/data/tasks.ts'
import { PARTS, partSql, type TableInfo } from './digest.ts'
import { literal, qualified } from './sql/text.ts'

/** Rows of one part of a table; parts are numbered from 0. */
export interface PartDifference {
  part: number
  expectedRows: string
  gotRows: string
}

export interface PartsDifference {
  of: number
  differ: number
  first: PartDifference[]
}

export interface TableDifference {
  table: string
  expectedRows: string
  gotRows: string
  /** Of a big table: how many of its parts differ, and the first of them. */
  parts?: PartsDifference
}

/** More than these are no help to anybody. */
const PARTS_SHOWN = 8

/** Between two digests of one table that both have parts. */
export function partsBetween(expected: TableDigest, got: TableDigest): PartsDifference {
  const rowsIn = (line: string | undefined): string => line?.split(' ')[0] ?? '0'
  const found = (expected.parts ?? []).flatMap((line, part) =>
    line === got.parts?.[part] ? [] : [{ part, expectedRows: rowsIn(line), gotRows: rowsIn(got.parts?.[part]) }],
  )
  return { of: PARTS, differ: found.length, first: found.slice(0, PARTS_SHOWN) }
}

/** Every table in which the two sides differ, by name; `missing` and `none` where only one side has it. */
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

/** In words, after what is said of the whole table. */
export function describeParts(parts: PartsDifference | undefined): string {
  if (parts === undefined) return ''
  if (parts.differ === 0)
    return '; read once more it is equal, so do not trust the memory or the disks that it was restored with'
  const numbers = parts.first.map(({ part }) => part).join(', ')
  return `, in ${parts.differ} of its ${parts.of} parts (${numbers}${parts.differ > parts.first.length ? ', ...' : ''})`
}

/** Shows the rows of the parts that differ, in whatever database has the table; `pins` are the settings digests are made under. */
export function rowsOfParts(
  table: TableInfo,
  difference: PartsDifference | undefined,
  pins: Record<string, string>,
): string | undefined {
  const parts = difference?.first.map(({ part }) => part) ?? []
  if (parts.length === 0) return undefined
  const settings = Object.entries(pins).map(([name, value]) => `set ${name} = ${literal(value)};`)
  const from = `only ${qualified(table.schema, table.name)}`
  return `${settings.join(' ')} select t.* from ${from} t where ${partSql(table.columns)} in (${parts.join(', ')});`
}
