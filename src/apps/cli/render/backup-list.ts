// pawl backup list: one line for each set.
import { standingProof } from '../../../core/backup/rung.ts'
import { takenAtOf } from '../../../core/backup/taken-at.ts'
import type { DatabaseEvidence, Rung } from '../../../core/data/tasks.ts'
import type { BackupSet, Refutation } from '../../../core/resources.ts'
import type { ListedSet } from '../stored-sets.ts'
import { formatAge, formatBytes, formatCount, formatTime } from './format.ts'
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

interface Line {
  name: string
  takenAt: string
  appVersion: string
  /** Or what is wrong. */
  rung: Rung | 'damaged'
  databases: readonly DatabaseEvidence[]
  proofs: readonly { rung: Rung; at: string }[]
  refuted?: Refutation | undefined
}

function lineOf({ name, takenAt, appVersion, rung, databases, proofs, refuted }: Line, now: Date): string[] {
  const rows = databases.reduce((sum, { rows: count }) => sum + BigInt(count), 0n)
  const size = databases.reduce((sum, { archiveBytes }) => sum + archiveBytes, 0)
  const proof = rung === 'damaged' ? proofs.at(-1) : standingProof(proofs, rung)
  const good = proof === undefined ? 'none' : formatAge(proof.at, now)
  return [
    name,
    formatTime(takenAt),
    appVersion,
    rung,
    databases.map(({ role }) => role).join(', '),
    formatCount(rows),
    formatBytes(size),
    refuted === undefined ? good : `failed ${formatAge(refuted.at, now)}`,
  ]
}

function tableOf(lines: string[][], colour: boolean): string {
  const rows = lines.map((line) => line.map(cleanLine))
  return `${renderTable(SETS, rows, paintWith(colour)).join('\n')}\n`
}

/** What the cluster knows. */
export function renderBackupList(sets: readonly BackupSet[], now: Date, colour: boolean): string {
  if (sets.length === 0) return 'No backup sets yet.\n'
  const lines = sets.map(({ name, status }) =>
    status === undefined
      ? [name, 'not finished']
      : lineOf({ ...status, name, appVersion: status.product.appVersion }, now),
  )
  return tableOf(lines, colour)
}

/** What a store says of itself. */
export function renderStoredList(sets: readonly ListedSet[], where: string, now: Date, colour: boolean): string {
  if (sets.length === 0) return `No backup sets in ${cleanLine(where)}.\n`
  const lines = sets.map(({ name, stored, rung: shown = 'archived', refuted, why }) => {
    if (stored === undefined) return why === undefined ? [name, 'not finished'] : [name, '', '', 'damaged']
    const { databases, about, proofs } = stored
    const takenAt = takenAtOf(
      databases.map(({ snapshotAt }) => snapshotAt),
      stored,
    )
    const rung = why === undefined ? shown : 'damaged'
    return lineOf({ name, takenAt, appVersion: about['appVersion'] ?? '?', rung, databases, proofs, refuted }, now)
  })
  const paint = paintWith(colour)
  const wrong = sets.flatMap(({ name, why }) =>
    why === undefined ? [] : [`${mark(paint, 'failed')} ${cleanLine(`${name} is not whole: ${why}`)}\n`],
  )
  return `${tableOf(lines, colour)}${wrong.join('')}`
}
