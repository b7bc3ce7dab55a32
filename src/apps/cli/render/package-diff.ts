// pawl package diff: what a package changes, and what speaks against it.
import type { PackageChange } from '../../../core/package/difference.ts'
import { plural } from './format.ts'
import { notes } from './package.ts'
import { cleanLine, mark, paintWith, type Paint } from './style.ts'

export interface PackageDiff {
  name: string
  mode: string
  version: string
  installed: string | null
  /** What it was compared with. */
  against: string
  changes: PackageChange[]
  objections: string[]
  refused: string | null
  warnings: string[]
}

export function renderPackageDiff(diff: PackageDiff, colour: boolean): string {
  const paint = paintWith(colour)
  const { name, version, installed, against, changes, objections } = diff
  const title = `${name}: ${version} against ${installed ?? 'an unknown version'} (${against})`
  const lines = [
    paint('bold', cleanLine(title)),
    ...(changes.length === 0 ? ['It changes nothing.'] : changes.flatMap((change) => changeLines(change, paint))),
    ...(objections.length === 0
      ? []
      : [
          `${mark(paint, 'failed')} ${paint('bold', 'This package must not be used here')} (${plural(objections.length, 'reason')}):`,
          ...objections.map((objection) => `  - ${cleanLine(objection)}`),
        ]),
    ...notes(diff.warnings, paint),
  ]
  return `${lines.join('\n')}\n`
}

const SIGNS = { added: '+', removed: '-', changed: '~' } as const

function changeLines({ path, change, secret, before, after }: PackageChange, paint: Paint): string[] {
  const head = `${SIGNS[change]} ${cleanLine(path)}`
  if (secret) return [`${head}  ${paint('dim', `secret, ${change}`)}`]
  const [old, next] = [before, after].map((text) => (text === undefined ? undefined : cleanLine(text)))
  if (old === undefined || next === undefined) return [`${head}  ${old ?? next ?? ''}`]
  return [`${head}  ${old} -> ${next}`]
}
