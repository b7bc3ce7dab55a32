// pawl doctor: one line for each check, and what to do below those that failed.
import { plural } from './format.ts'
import { cleanLine, mark, paintWith } from './style.ts'
import { padEnd, widthOf } from './width.ts'

export interface DoctorCheck {
  name: string
  ok: boolean
  found: string
  remedy?: string
}

export function renderDoctor(checks: readonly DoctorCheck[], colour: boolean): string {
  const paint = paintWith(colour)
  const width = Math.max(0, ...checks.map(({ name }) => widthOf(name)))
  const lines = checks.flatMap(({ name, ok, found, remedy }) => [
    `${mark(paint, ok ? 'done' : 'failed')} ${padEnd(name, width)}  ${cleanLine(found)}`,
    ...(remedy === undefined ? [] : [`${' '.repeat(width + 4)}${paint('bold', 'do:')} ${cleanLine(remedy)}`]),
  ])
  const wrong = checks.filter(({ ok }) => !ok).length
  const end = wrong === 0 ? 'Everything that was looked for is here.' : `${plural(wrong, 'check')} failed.`
  return `${[...lines, '', end].join('\n')}\n`
}
