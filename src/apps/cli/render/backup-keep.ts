// pawl backup show, verify and prune.
import type { PrunePlan } from '../../../core/backup/prune-plan.ts'
import { refutationIn, standingProof } from '../../../core/backup/rung.ts'
import type { DataResults } from '../../../core/data/tasks.ts'
import type { BackupSet, SetProof } from '../../../core/resources.ts'
import { storeText } from '../../../core/store/spec.ts'
import type { Pruned } from '../../../steps/housekeeping/prune.ts'
import { formatAge, formatBytes, formatCount, formatDuration, formatTime, plural, shortHash } from './format.ts'
import { cleanLine, mark, paintWith } from './style.ts'
import { renderFields, renderTable } from './table.ts'

type Inspected = DataResults['inspect']

const DATABASES = [
  { title: 'ROLE' },
  { title: 'DATABASE' },
  { title: 'POSTGRESQL' },
  { title: 'SNAPSHOT' },
  { title: 'TABLES', right: true },
  { title: 'ROWS', right: true },
  { title: 'SIZE', right: true },
  { title: 'ARCHIVE', right: true },
  { title: 'DIGEST' },
]

/** `stored` is what the store says of it, or why it says nothing. */
export function renderSet(set: BackupSet, stored: Inspected | string, now: Date, colour: boolean): string {
  const paint = paintWith(colour)
  const { status } = set
  const proof = status === undefined ? undefined : standingProof(status.proofs, status.rung)
  const inside = typeof stored === 'string' ? undefined : stored
  // The store knows of proofs that were made elsewhere as well.
  const refuted = status?.refuted ?? refutationIn(inside?.proofs ?? [])
  const lines = renderFields(
    [
      ['set', paint('bold', set.name)],
      ['store', `${storeText(set.store)} ${set.set}`],
      [
        'version',
        status === undefined ? undefined : `${status.product.appVersion} (chart ${status.product.chartVersion})`,
      ],
      ['taken', status === undefined ? 'not finished' : formatAge(status.takenAt, now)],
      ['by run', set.run],
      ['proof', proof === undefined ? 'none' : `${proof.rung}, ${formatAge(proof.at, now)}`],
      ['rehearsed', rehearsed(status?.proofs ?? [], now)],
      ['damaged', refuted === undefined ? undefined : `found ${formatAge(refuted.at, now)}: ${cleanLine(refuted.why)}`],
      [
        'manifest',
        inside === undefined ? undefined : `sha256 ${shortHash(inside.manifestSha256)}, by Pawl ${inside.tool.pawl}`,
      ],
      [
        'stored',
        inside === undefined ? undefined : `${plural(inside.objects, 'object')}, ${formatBytes(inside.storedBytes)}`,
      ],
      ['release', inside === undefined ? undefined : inside.releaseFiles.join(', ') || 'no files of the release'],
      ['images', imagesText(inside)],
      ['keys', inside === undefined ? undefined : inside.recipients.join(', ')],
      ['spread', inside === undefined ? undefined : `snapshots ${inside.snapshotSpreadMs} ms apart`],
    ],
    paint,
  ).map(cleanEnd)
  if (status !== undefined) lines.push('', ...renderTable(DATABASES, status.databases.map(databaseRow), paint))
  const open = proof?.notCovered ?? []
  if (proof !== undefined)
    lines.push('', open.length === 0 ? 'The proof covers everything.' : 'The proof does not cover:')
  lines.push(...open.map((what) => `  - ${cleanLine(what)}`))
  if (typeof stored === 'string') lines.push('', `${mark(paint, 'failed')} the store: ${cleanLine(stored)}`)
  else lines.push(...problemLines(stored, colour))
  return `${lines.join('\n')}\n`
}

/** The newest recovery that was carried through. */
function rehearsed(proofs: readonly SetProof[], now: Date): string | undefined {
  const { at, rehearsal } = proofs.findLast((proof) => proof.rehearsal !== undefined) ?? {}
  if (at === undefined || rehearsal === undefined) return undefined
  return `recovery ${cleanLine(rehearsal.run)} took ${formatDuration(rehearsal.seconds * 1000)}, ${formatAge(at, now)}`
}

function imagesText(inside: Inspected | undefined): string | undefined {
  if (inside?.images === undefined) return undefined
  return inside.images
    .map(({ image, platforms, others = [] }) => {
      const strays = others.length === 0 ? [] : [`not ${others.join(', ')}, which other pods run`]
      const more = [...platforms, ...strays].join(', ')
      return more === '' ? image : `${image} (${more})`
    })
    .map(cleanLine)
    .join(', ')
}

function cleanEnd(line: string): string {
  return line.trimEnd()
}

function databaseRow(database: Inspected['databases'][number]): string[] {
  const { role, database: name, serverVersion, snapshotAt, tables, rows, sizeBytes, archiveBytes, digest } = database
  return [
    role,
    name,
    serverVersion,
    formatTime(snapshotAt),
    formatCount(tables),
    formatCount(rows),
    formatBytes(sizeBytes),
    formatBytes(archiveBytes),
    shortHash(digest),
  ].map(cleanLine)
}

function problemLines({ problems, strangers }: Inspected, colour: boolean): string[] {
  const paint = paintWith(colour)
  return [
    ...problems.map((problem) => `${mark(paint, 'failed')} ${cleanLine(problem)}`),
    ...strangers.map(
      (name) => `${mark(paint, 'warn')} ${cleanLine(name)} is in the set's directory and not of the set`,
    ),
  ]
}

export function renderVerified(result: Inspected, colour: boolean): string {
  const paint = paintWith(colour)
  const good = `${mark(paint, 'done')} ${paint('bold', 'archived')}  ${cleanLine(result.set)}`
  const read = `${plural(result.objects, 'object')}, ${formatBytes(result.checkedBytes)} read and compared`
  if (result.problems.length === 0) {
    const lines = [good, `  ${read}: every stored byte is as it was written.`, ...problemLines(result, colour)]
    return `${[...lines, '  That they restore is for "pawl backup prove" to show.'].join('\n')}\n`
  }
  return `${[`${mark(paint, 'failed')} ${cleanLine(result.set)} is damaged`, ...problemLines(result, colour)].join('\n')}\n`
}

export function renderPrune({ plan, pruned }: { plan: PrunePlan; pruned: Pruned | null }, colour: boolean): string {
  const paint = paintWith(colour)
  const rows = plan.decisions.map(({ name, remove, bytes, why }) => [
    name,
    remove ? 'remove' : 'keep',
    formatBytes(bytes),
    cleanLine(why.join('; ')),
  ])
  const columns = [{ title: 'SET' }, { title: '' }, { title: 'STORED', right: true }, { title: 'WHY' }]
  const lines = rows.length === 0 ? ['No backup sets yet.'] : renderTable(columns, rows, paint)
  for (const { name, bytes, newestAt } of plan.leftovers)
    lines.push(`remove what an interrupted backup left: ${name}, ${formatBytes(bytes)}, since ${formatTime(newestAt)}`)
  for (const { set, sizeBytes } of plan.copies)
    lines.push(
      `${mark(paint, 'warn')} copies of ${set} (${formatBytes(sizeBytes)}) stand beside the databases: "pawl runs accept" drops them`,
    )
  for (const name of plan.missing)
    lines.push(
      `${mark(paint, 'warn')} ${name} is not in the store that is reached from here: it stays noted, until its BackupSet is deleted by hand`,
    )
  for (const name of plan.foreign)
    lines.push(`${mark(paint, 'warn')} ${cleanLine(name)} is in the store and unknown here: it stays`)
  if (plan.secrets.length > 0) lines.push(`remove ${plural(plan.secrets.length, 'Secret')} of sets that are gone`)
  if (plan.strandedParts > 0) lines.push(`remove ${plural(plan.strandedParts, 'part')} of uploads that were given up`)
  if (pruned === null) {
    const some =
      plan.decisions.some(({ remove }) => remove) ||
      plan.leftovers.length + plan.secrets.length + plan.strandedParts > 0
    lines.push(some ? 'Nothing was removed. Add --yes to do it.' : 'There is nothing to remove.')
  } else lines.push(...prunedLines(pruned, colour))
  return `${lines.join('\n')}\n`
}

function prunedLines({ removed, locked, secrets }: Pruned, colour: boolean): string[] {
  const paint = paintWith(colour)
  const bytes = removed.reduce((sum, set) => sum + set.bytes, 0)
  return [
    ...locked.map(({ name, why }) => `${mark(paint, 'warn')} ${name} stays: ${cleanLine(why)}`),
    `${mark(paint, 'done')} removed ${plural(removed.length, 'set')} (${formatBytes(bytes)}) and ${plural(secrets.length, 'Secret')}`,
  ]
}
