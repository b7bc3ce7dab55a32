// pawl runs accept: which copies stand beside the databases, and what became of them.
import type { CopyResults, FoundCopy } from '../../../core/data/copies.ts'
import type { Standing } from '../../../steps/staged/accept.ts'
import { formatBytes, plural } from './format.ts'
import { cleanLine, mark, paintWith } from './style.ts'
import { renderTable } from './table.ts'

export interface Accepted {
  standing: Pick<Standing, 'copies' | 'others'>
  /** `null` where it was only asked. */
  dropped: CopyResults['drop-copies'] | null
}

const COLUMNS = [{ title: 'COPY' }, { title: 'OF SET' }, { title: 'SIZE', right: true }]

export function renderStanding({ standing, dropped }: Accepted, colour: boolean): string {
  const paint = paintWith(colour)
  if (dropped !== null) {
    const lines = [
      `${mark(paint, 'done')} accepted: dropped ${plural(dropped.dropped.length, 'copy', 'copies')}`,
      ...dropped.left.map(({ database, why }) => `${mark(paint, 'warn')} ${cleanLine(`${database} stays: ${why}`)}`),
    ]
    return `${lines.join('\n')}\n`
  }
  const rows = Object.entries(standing.copies).flatMap(([set, copies]) =>
    copies.map(({ database, sizeBytes }) => [database, set, sizeText(sizeBytes)].map(cleanLine)),
  )
  const lines =
    rows.length === 0 ? ['No copy of a proof stands beside the databases.'] : renderTable(COLUMNS, rows, paint)
  return `${[...lines, ...standing.others.map((copy) => `${mark(paint, 'warn')} ${cleanLine(otherLine(copy))}`)].join('\n')}\n`
}

function otherLine({ database, state, sizeBytes }: FoundCopy): string {
  const size = sizeText(sizeBytes)
  const drop = `drop database "${database.replaceAll('"', '""')}"`
  switch (state) {
    case 'kept':
      return `${database} (${size}) is what a recovery has replaced; when nobody needs it any more: ${drop}`
    case 'unmarked':
      return `${database} (${size}) has a name of Pawl's and nothing that says what it is`
    default:
      return `${database} (${size}) was left by a restore; when no recovery is under way: ${drop}`
  }
}

function sizeText(bytes: number | undefined): string {
  return bytes === undefined ? 'size unknown' : formatBytes(bytes)
}
