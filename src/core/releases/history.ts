// A product's release history as a profile keeps it: one line of CSV for each release, given back exactly as it was read.
import { dayAt } from '../lifecycle/dates.ts'
import type { VersionScheme } from '../versions/version.ts'
import { kindOf } from './release.ts'
import type { KnownRelease, ReleaseKind } from './release.ts'

/** `docker-only` has no chart; `branch` has one that never came to the main line. */
export type HistoryKind = 'stable' | 'rc' | 'pre-release' | 'test' | 'docker-only' | 'branch'

const KINDS: readonly string[] = [
  'stable',
  'rc',
  'pre-release',
  'test',
  'docker-only',
  'branch',
] satisfies HistoryKind[]

/** As the history is called where sources are named. */
export const HISTORY_SOURCE = "the profile's history"

export interface HistoryRow {
  chartVersion: string
  appVersion: string
  minVersion: string
  /** When the chart got this version in the vendor's repository; ISO 8601 with the author's time zone. */
  committedAt: string
  tag: string
  kind: HistoryKind
  /** Tag of the delivery by Docker Compose, and when it was made. */
  selfhostedTag: string
  selfhostedTaggedAt: string
  note: string
}

const COLUMNS = [
  'chartVersion',
  'appVersion',
  'minVersion',
  'committedAt',
  'tag',
  'kind',
  'selfhostedTag',
  'selfhostedTaggedAt',
  'note',
] as const satisfies (keyof HistoryRow)[]

/** Throws TypeError, which names the line: the history is part of the program. */
export function parseHistory(csv: string): HistoryRow[] {
  const [head, ...lines] = csv.replace(/\n$/, '').split('\n')
  if (head !== COLUMNS.join(',')) throw new TypeError(`line 1 of the release history: expected ${COLUMNS.join(',')}`)
  return lines.map((line, index) => rowOf(cellsOf(line), index + 2))
}

function rowOf(cells: string[], line: number): HistoryRow {
  const wrong = (what: string): TypeError => new TypeError(`line ${line} of the release history: ${what}`)
  const [chartVersion, appVersion, minVersion, committedAt, tag, kind, selfhostedTag, selfhostedTaggedAt, note] = cells
  if (cells.length !== COLUMNS.length || note === undefined) throw wrong(`expected ${COLUMNS.length} cells`)
  if (!isKind(kind)) throw wrong(`${kind} is no kind`)
  if (!appVersion || Number.isNaN(Date.parse(committedAt ?? ''))) throw wrong('a version or a time is missing')
  return {
    chartVersion: chartVersion ?? '',
    appVersion,
    minVersion: minVersion ?? '',
    committedAt: committedAt ?? '',
    tag: tag ?? '',
    kind,
    selfhostedTag: selfhostedTag ?? '',
    selfhostedTaggedAt: selfhostedTaggedAt ?? '',
    note,
  }
}

function isKind(text: string | undefined): text is HistoryKind {
  return text !== undefined && KINDS.includes(text)
}

/** Cells of one line as RFC 4180 has them; no cell of a history spans lines. */
function cellsOf(line: string): string[] {
  const cells = `,${line}`.matchAll(/,(?:"((?:[^"]|"")*)"|([^",]*))/g)
  return Array.from(cells, ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '')
}

/** The very text the rows were read from. */
export function formatHistory(rows: readonly HistoryRow[]): string {
  const lines = rows.map((row) => COLUMNS.map((column) => cellText(row[column])).join(','))
  return `${[COLUMNS.join(','), ...lines].join('\n')}\n`
}

function cellText(text: string): string {
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** One release of each row, in the order of the rows. */
export function releasesFrom(rows: readonly HistoryRow[], scheme: VersionScheme): KnownRelease[] {
  return rows.map((row) => ({
    appVersion: row.appVersion,
    ...(row.chartVersion === '' ? {} : { chartVersion: row.chartVersion }),
    kind: releaseKind(row, scheme),
    published: dayAt(new Date(row.committedAt)),
    ...(row.minVersion === '' ? {} : { minVersion: row.minVersion }),
    ...(row.note === '' ? {} : { note: row.note }),
    sources: [HISTORY_SOURCE],
  }))
}

function releaseKind({ kind, appVersion }: HistoryRow, scheme: VersionScheme): ReleaseKind {
  if (kind === 'branch') return 'pre-release'
  return kind === 'docker-only' ? kindOf(appVersion, scheme) : kind
}
