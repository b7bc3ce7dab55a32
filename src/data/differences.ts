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

function differentParts(expected: readonly string[], got: readonly string[]): PartsDifference {
  const rowsIn = (line: string | undefined): string => line?.split(' ')[0] ?? '0'
  const found = expected.flatMap((line, part) =>
    line === got[part] ? [] : [{ part, expectedRows: rowsIn(line), gotRows: rowsIn(got[part]) }],
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
    const both = table.parts !== undefined && other?.parts !== undefined
    found.push({
      table: table.table,
      expectedRows: table.rows,
      gotRows: other?.rows ?? 'missing',
      ...(both ? { parts: differentParts(table.parts ?? [], other?.parts ?? []) } : {}),
    })
  }
  for (const extra of there.values()) found.push({ table: extra.table, expectedRows: 'none', gotRows: extra.rows })
  return found
}

/** In words, after the name of the table. */
export function describeParts(difference: TableDifference): string {
  const { parts } = difference
  if (parts === undefined) return ''
  const numbers = parts.first.map(({ part }) => part).join(', ')
  return `, in ${parts.differ} of its ${parts.of} parts (${numbers}${parts.differ > parts.first.length ? ', ...' : ''})`
}

/** Shows the rows of the parts that differ, in whatever database has the table; `pins` are the settings digests are made under. */
export function rowsOfParts(
  table: TableInfo,
  difference: TableDifference,
  pins: Record<string, string>,
): string | undefined {
  const parts = difference.parts?.first.map(({ part }) => part) ?? []
  if (parts.length === 0) return undefined
  const settings = Object.entries(pins).map(([name, value]) => `set ${name} = ${literal(value)};`)
  const from = `only ${qualified(table.schema, table.name)}`
  return `${settings.join(' ')} select t.* from ${from} t where ${partSql(table.columns)} in (${parts.join(', ')});`
}
