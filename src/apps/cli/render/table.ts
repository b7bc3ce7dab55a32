// Tables of plain columns: as wide as their widest cell, two blanks between, nothing at the end of a line.
import { padEnd, padStart, widthOf } from './width.ts'
import type { Paint } from './style.ts'

export interface Column {
  title: string
  /** Numbers stand right. */
  right?: boolean
}

/** Lines of a table with its titles; `indent` blanks stand before each. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  paint: Paint,
  indent = 0,
): string[] {
  const widths = columns.map(({ title }, index) =>
    Math.max(widthOf(title), ...rows.map((row) => widthOf(row[index] ?? ''))),
  )
  const line = (cells: readonly string[]): string => {
    const padded = columns.map(({ right }, index) =>
      (right === true ? padStart : padEnd)(cells[index] ?? '', widths[index] ?? 0),
    )
    return `${' '.repeat(indent)}${padded.join('  ')}`.trimEnd()
  }
  const titles = line(columns.map(({ title }) => title))
  return [paint('dim', titles), ...rows.map(line)]
}

/** `name   value` lines: what a show command begins with. */
export function renderFields(
  fields: readonly (readonly [name: string, value: string | undefined])[],
  paint: Paint,
): string[] {
  const known = fields.filter((field): field is readonly [string, string] => field[1] !== undefined)
  const width = Math.max(0, ...known.map(([name]) => widthOf(name)))
  return known.map(([name, value]) => `${paint('dim', padEnd(name, width))}  ${value}`)
}
