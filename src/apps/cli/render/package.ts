// pawl package: the list of packages, what a download did, what is in a package, what it changes.
import { formatBytes, formatTime } from './format.ts'
import { cleanLine, mark, paintWith, type Paint } from './style.ts'
import { renderTable } from './table.ts'

export interface PackageRow {
  version: string
  name: string
  updated: string
  sizeBytes: number
  generation: string
  newest: boolean
  installed: boolean
}

export interface PackageList {
  where: string
  mode: string
  installed: string | null
  packages: PackageRow[]
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
    ...notes(
      [...list.ignored.map((name) => `not understood, and so never taken for the newest: ${name}`), ...list.warnings],
      paint,
    ),
  ]
  return `${lines.join('\n')}\n`
}

function notes(texts: readonly string[], paint: Paint): string[] {
  return texts.map((text) => `${mark(paint, 'warn')} ${cleanLine(text)}`)
}
