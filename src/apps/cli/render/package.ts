// pawl package list, download and show: the packages there are, what a download did, what is in a package.
import type { PackageChange } from '../../../core/package/difference.ts'
import type { PlacedFile } from '../../../ports/packages.ts'
import { formatBytes, formatTime, plural } from './format.ts'
import { cleanLine, mark, paintWith, type Paint } from './style.ts'
import { renderFields, renderTable } from './table.ts'

export interface PackageRow {
  version: string
  name: string
  updated: string
  sizeBytes: number
  generation: string
}

export interface PackageList {
  where: string
  mode: string
  installed: string | null
  packages: (PackageRow & { newest: boolean; installed: boolean })[]
  ignored: string[]
  warnings: string[]
}

const PACKAGES = [
  { title: 'VERSION' },
  { title: 'DATE' },
  { title: 'SIZE', right: true },
  { title: 'GENERATION' },
  { title: '' },
]

export function renderPackageList(list: PackageList, colour: boolean): string {
  const paint = paintWith(colour)
  const rows = list.packages.map(({ version, updated, sizeBytes, generation, newest, installed }) =>
    [
      version,
      formatTime(updated),
      formatBytes(sizeBytes),
      generation,
      [...(newest ? ['newest'] : []), ...(installed ? ['installed'] : [])].join(', '),
    ].map(cleanLine),
  )
  const lines = [
    `Packages for ${list.mode} in ${cleanLine(list.where)}`,
    ...(rows.length === 0 ? ['There is none for this tenant.'] : renderTable(PACKAGES, rows, paint)),
    ...(list.installed === null ? ['The installed version is not known: the values name none.'] : []),
    ...notes([...notUnderstood(list.ignored), ...list.warnings], paint),
  ]
  return `${lines.join('\n')}\n`
}

export interface DownloadAnswer {
  package: PackageRow
  where: string
  mode: string
  directory: string
  files: PlacedFile[]
  installed: string | null
  changes: PackageChange[]
  /** Files that Helm or Compose gets, in this order. */
  passedOn: string[]
  ignored: string[]
  warnings: string[]
  dryRun: boolean
}

export function renderDownload(done: DownloadAnswer, colour: boolean): string {
  const paint = paintWith(colour)
  const { package: brought, directory, files, changes, dryRun } = done
  const what = `package ${brought.version} for ${done.mode}, ${formatBytes(brought.sizeBytes)}`
  const at = cleanLine(directory)
  const lines = [
    `${mark(paint, 'done')} ${paint('bold', cleanLine(what))} ${dryRun ? `would go to ${at}; nothing was put there` : `is in ${at}`}`,
    ...files.map(({ name, outcome, kept }) => {
      const before = kept === undefined ? '' : `; what was there is kept as ${kept}`
      return `  ${cleanLine(`${name}${outcome === 'same' ? ' (was there already)' : ''}${before}`)}`
    }),
    `It changes ${plural(changes.length, 'value')} of package ${cleanLine(done.installed ?? 'unknown')}: see "pawl package diff".`,
    ...(dryRun || files.length < 2 ? [] : [nextStep(done)]),
    ...notes([...notUnderstood(done.ignored), ...done.warnings], paint),
  ]
  return `${lines.join('\n')}\n`
}

function nextStep({ mode, directory, passedOn }: DownloadAnswer): string {
  const paths = passedOn.map((name) => cleanLine(`${directory.replace(/\/$/, '')}/${name}`))
  if (mode === 'docker') return `Next: take over what is new from ${paths.join(' and ')}.`
  return `Next: pass them on in this order, your own values last: ${paths.map((path) => `-f ${path}`).join(' ')}`
}

export interface PackageAnswer {
  name: string
  mode: string
  version: string
  tenant: string
  project: string
  files: { name: string; sizeBytes: number }[]
  /** Without a value where it is secret. */
  values: { path: string; value?: string }[]
  warnings: string[]
}

export function renderPackage(shown: PackageAnswer, colour: boolean): string {
  const paint = paintWith(colour)
  const lines = [
    ...renderFields(
      [
        ['package', shown.name],
        ['version', shown.version],
        ['for', `${shown.mode}, tenant ${shown.tenant} of ${shown.project}`],
        ['files', shown.files.map(({ name, sizeBytes }) => `${name} (${formatBytes(sizeBytes)})`).join(', ')],
      ].map(([name = '', value = '']) => [name, cleanLine(value)] as const),
      paint,
    ),
    '',
    ...renderFields(
      shown.values.map(({ path, value }) => [cleanLine(path), value === undefined ? '[secret]' : cleanLine(value)]),
      paint,
    ),
    ...notes(shown.warnings, paint),
  ]
  return `${lines.join('\n')}\n`
}

function notUnderstood(names: readonly string[]): string[] {
  return names.map((name) => `not understood, and so never taken for the newest: ${name}`)
}

export function notes(texts: readonly string[], paint: Paint): string[] {
  return texts.map((text) => `${mark(paint, 'warn')} ${cleanLine(text)}`)
}
