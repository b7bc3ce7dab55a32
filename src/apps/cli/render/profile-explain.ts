// pawl profile explain: each database with what decides it, each expression with its value, each trap that is there.
import type { Explained, ExplainedField } from '../../../core/profile/explain.ts'
import type { TrapFinding } from '../../../core/profile/traps.ts'
import type { LiveDatabase } from '../../../core/profile/truth.ts'
import { plural } from './format.ts'
import { cleanLine, mark, paintWith, type Paint } from './style.ts'
import { padEnd, widthOf } from './width.ts'

export function renderExplanation(explained: Explained, colour: boolean): string {
  const paint = paintWith(colour)
  const { profile, release, namespace, chart, product, databases, traps, live = [], notes } = explained
  return `${[
    paint('bold', cleanLine(`${release} -n ${namespace}`)) +
      '  ' +
      paint('dim', cleanLine(`profile ${profile}, chart ${chart}`)),
    ...notes.map((note) => paint('dim', cleanLine(note))),
    ...databases.flatMap(({ role, when, fields }) => [
      '',
      `${databaseMark(when, paint)} ${paint('bold', cleanLine(role))}  ${verdict(when)}`,
      ...fieldLines(
        [{ ...when, field: 'when' }, ...fields.map((field) => shortened(field, `databases.${role}.`))],
        paint,
      ),
      ...live.filter((database) => database.role === role).flatMap((database) => liveLines(database, paint)),
    ]),
    '',
    paint('bold', 'Product'),
    ...fieldLines(product, paint),
    '',
    paint('bold', `Traps: ${plural(traps.looked, 'trap')} looked for, ${traps.findings.length} here`),
    ...traps.findings.flatMap((trap) => trapLines(trap, paint)),
  ].join('\n')}\n`
}

function databaseMark({ value }: ExplainedField, paint: Paint): string {
  return mark(paint, value === undefined ? 'unknown' : value === true ? 'done' : 'todo')
}

function verdict({ value, unknown }: ExplainedField): string {
  if (value === undefined) return cleanLine(`unknown: ${unknown}`)
  return value === true ? 'is part of this installation' : 'is not part of this installation'
}

function shortened(field: ExplainedField, prefix: string): ExplainedField {
  return { ...field, field: field.field.slice(prefix.length) }
}

function fieldLines(fields: readonly ExplainedField[], paint: Paint): string[] {
  const width = Math.max(0, ...fields.map(({ field }) => widthOf(field)))
  return fields.flatMap(({ field, value, unknown, expression }) => {
    const shown = value === undefined ? `${mark(paint, 'unknown')} ${cleanLine(unknown ?? '')}` : shownValue(value)
    return [
      `    ${padEnd(cleanLine(field), width)}  ${shown}`,
      `    ${' '.repeat(width)}  ${paint('dim', cleanLine(`= ${expression}`))}`,
    ]
  })
}

function shownValue(value: string | number | boolean): string {
  return value === '' ? '(empty)' : cleanLine(String(value))
}

function liveLines({ source, target, overridden, differences, unknown }: LiveDatabase, paint: Paint): string[] {
  const place = `${target.login.user}@${target.host}:${target.port}/${target.database}`
  const lines = [
    ...(source === undefined ? ['the running release says nothing of it'] : [`${place}, as ${source} is told`]),
    ...overridden,
  ]
  return [
    ...lines.map((line) => `    ${mark(paint, 'now')} ${cleanLine(line)}`),
    ...differences.map((line) => `    ${mark(paint, 'failed')} ${cleanLine(line)}`),
    ...(unknown === undefined ? [] : [`    ${mark(paint, 'unknown')} ${cleanLine(unknown)}`]),
  ]
}

function trapLines({ name, weight, says, remedy, unknown }: TrapFinding, paint: Paint): string[] {
  const said = unknown === undefined ? says : `cannot be told: ${unknown}`
  return [
    `  ${mark(paint, unknown !== undefined ? 'unknown' : weight === 'warn' ? 'warn' : 'failed')} trap-${cleanLine(name)} ${paint('dim', `(${weight})`)}`,
    `      ${cleanLine(said)}`,
    `      ${paint('bold', 'do:')} ${cleanLine(remedy)}`,
  ]
}
