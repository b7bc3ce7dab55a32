// pawl releases: a table of releases, or one of them with all that is known; sources that contradict each other are said.
import { conflictText } from '../../../core/releases/merge.ts'
import type { Conflict } from '../../../core/releases/merge.ts'
import type { KnownRelease } from '../../../core/releases/release.ts'
import { countingText } from '../../../core/releases/support.ts'
import type { ReleaseSupport } from '../../../core/releases/support.ts'
import { plural, shortHash } from './format.ts'
import { cleanLine, mark, paintWith, type Paint } from './style.ts'
import { renderFields, renderTable } from './table.ts'

/** Only what is finished has a support period. */
export type ReleaseView = KnownRelease & { support?: ReleaseSupport }

interface Listing {
  profile: { title: string }
  releases: readonly ReleaseView[]
  sources: readonly { name: string; releases: number }[]
  conflicts: readonly Conflict[]
  notes: readonly string[]
}

const COLUMNS = ['release', 'chart', 'kind', 'published', 'package from', 'supported until', '', 'digest']
const CONFLICTS_SHOWN = 5

export function renderReleases(listing: Listing & { hidden: number }, colour: boolean): string {
  const paint = paintWith(colour)
  const { releases, sources, hidden } = listing
  const digests = releases.some(({ digest }) => digest !== undefined)
  const columns = (digests ? COLUMNS : COLUMNS.slice(0, -1)).map((title) => ({ title }))
  const rows = releases.map((release) => [
    cleanLine(release.appVersion),
    cleanLine(release.chartVersion ?? 'no chart'),
    release.kind,
    release.published ?? '',
    cleanLine(release.minVersion ?? ''),
    release.support?.until ?? '',
    stateText(release.support, paint),
    shortHash(release.digest ?? ''),
  ])
  const known = sources.map(({ name, releases: count }) => `${cleanLine(name)} (${count})`).join(', ')
  const more = hidden === 0 ? '' : ` ${plural(hidden, 'release')} more with --all: candidates, tests, the time before.`
  return lines([
    ...(rows.length === 0 ? ['No such release is known.'] : renderTable(columns, rows, paint)),
    '',
    paint('dim', `${plural(rows.length, 'release')}, known from ${known}.${more}`),
    ...remarks(listing, paint),
  ])
}

export function renderRelease(listing: Listing, colour: boolean): string {
  const paint = paintWith(colour)
  const blocks = listing.releases.map((release) => [
    ...renderFields(fieldsOf(release, listing.profile.title, paint), paint),
    '',
  ])
  return lines([...blocks.flat(), ...remarks(listing, paint)]).replace(/\n+$/, '\n')
}

function fieldsOf(release: ReleaseView, title: string, paint: Paint): [string, string | undefined][] {
  const { support } = release
  const until =
    support?.until === undefined
      ? undefined
      : `${support.until}  ${stateText(support, paint)}; ${countingText(support)}`
  return [
    ['release', paint('bold', cleanLine(`${title} ${release.appVersion}`))],
    ['chart', cleanLine(release.chartVersion ?? 'none was published')],
    ['digest', release.digest],
    ['kind', release.kind],
    ['published', release.published],
    ['package from', release.minVersion === undefined ? undefined : cleanLine(release.minVersion)],
    ['supported until', until],
    ['support', support?.state === 'unknown' ? `unknown: ${support.why ?? 'no reason is given'}` : undefined],
    ['note', release.note === undefined ? undefined : cleanLine(release.note)],
    ['known from', release.sources.map(cleanLine).join(', ')],
  ]
}

export function stateText(support: ReleaseSupport | undefined, paint: Paint): string {
  if (support === undefined) return ''
  const { state, daysLeft = 0 } = support
  switch (state) {
    case 'supported':
      return paint('green', 'supported')
    case 'ending':
      return paint('yellow', `${plural(daysLeft, 'day')} left`)
    case 'ended':
      return paint('red', 'ended')
    case 'unknown':
      return paint('yellow', 'unknown')
  }
}

/** What a person should know before relying on it. */
export function remarks({ conflicts, notes }: Pick<Listing, 'conflicts' | 'notes'>, paint: Paint): string[] {
  const shown = conflicts.slice(0, CONFLICTS_SHOWN).map(conflictText)
  const rest = conflicts.length - shown.length
  const all = [
    ...notes,
    ...shown,
    ...(rest > 0 ? [`${plural(rest, 'more conflict')} between sources: -o json has all`] : []),
  ]
  return all.map((text) => `${mark(paint, 'warn')} ${cleanLine(text)}`)
}

function lines(all: readonly string[]): string {
  return `${all.join('\n')}\n`
}
