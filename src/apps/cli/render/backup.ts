// pawl backup prove.
import type { DataResults } from '../../../core/data/tasks.ts'
import { formatCount, plural, shortHash } from './format.ts'
import { cleanLine, mark, paintWith } from './style.ts'
import { renderTable } from './table.ts'

const PROVEN = [
  { title: 'ROLE' },
  { title: 'DATABASE' },
  { title: 'TABLES', right: true },
  { title: 'ROWS', right: true },
  { title: 'DIGEST' },
]

/** What a proof covers, and always what it does not. */
export function renderProof({ set, rung, databases }: DataResults['prove'], colour: boolean): string {
  const paint = paintWith(colour)
  const rows = databases.map(({ role, database, tables, rows: count, digest }) =>
    [role, database, formatCount(tables), formatCount(count), shortHash(digest)].map(cleanLine),
  )
  const open = databases.flatMap(({ role, notCovered }) => notCovered.map((what) => cleanLine(`${role}: ${what}`)))
  const lines = [
    `${mark(paint, rung === 'archived' ? 'warn' : 'done')} ${paint('bold', rung)}  ${cleanLine(set)}`,
    ...renderTable(PROVEN, rows, paint, 2),
    open.length === 0 ? 'Everything in the databases was compared.' : `Not covered (${plural(open.length, 'thing')}):`,
    ...open.map((what) => `  - ${what}`),
  ]
  return `${lines.join('\n')}\n`
}
