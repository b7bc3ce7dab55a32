// pawl backup list and pawl backup prove.
import { standingProof } from '../../../core/backup/rung.ts'
import type { DataResults } from '../../../core/data/tasks.ts'
import type { BackupSet, Refutation, SetProof } from '../../../core/resources.ts'
import { formatAge, formatBytes, formatCount, formatTime, plural, shortHash } from './format.ts'
import { cleanLine, mark, paintWith } from './style.ts'
import { renderTable } from './table.ts'

const SETS = [
  { title: 'SET' },
  { title: 'TAKEN' },
  { title: 'VERSION' },
  { title: 'RUNG' },
  { title: 'DATABASES' },
  { title: 'ROWS', right: true },
  { title: 'SIZE', right: true },
  { title: 'LAST PROOF' },
]

const PROVEN = [
  { title: 'ROLE' },
  { title: 'DATABASE' },
  { title: 'TABLES', right: true },
  { title: 'ROWS', right: true },
  { title: 'DIGEST' },
]

export function renderBackupList(sets: readonly BackupSet[], now: Date, colour: boolean): string {
  if (sets.length === 0) return 'No backup sets yet.\n'
  const rows = sets.map(({ name, status }) => {
    if (status === undefined) return [name, 'not finished']
    const { databases, product, rung, proofs, takenAt, refuted } = status
    const rowsInAll = databases.reduce((sum, { rows: count }) => sum + BigInt(count), 0n)
    const size = databases.reduce((sum, { archiveBytes }) => sum + archiveBytes, 0)
    const proof = standingProof(proofs, rung)
    return [
      name,
      formatTime(takenAt),
      product.appVersion,
      rung,
      databases.map(({ role }) => role).join(', '),
      formatCount(rowsInAll),
      formatBytes(size),
      lastProof(proof, refuted, now),
    ].map(cleanLine)
  })
  return `${renderTable(SETS, rows, paintWith(colour)).join('\n')}\n`
}

function lastProof(proof: SetProof | undefined, refuted: Refutation | undefined, now: Date): string {
  if (refuted !== undefined) return `failed ${formatAge(refuted.at, now)}`
  return proof === undefined ? 'none' : formatAge(proof.at, now)
}

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
