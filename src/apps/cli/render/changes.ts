// What an upgrade changes in the cluster: one line for each object, or every line of it with --diff.
import type { PlannedChange } from '../../../core/plan/plan.ts'
import { plural } from './format.ts'
import { clean, cleanLine, type Paint } from './style.ts'

const SIGNS = { add: '+', change: '~', remove: '-' } as const
const FORMATS = { add: 'green', change: 'yellow', remove: 'red' } as const
const TOPICS = { storage: ' (storage)', database: ' (how databases are reached)' } as const
/** Fields named in a short line. */
const MOST_FIELDS = 3

/** Storage and databases are always shown in full. */
export function changeLines(change: PlannedChange, paint: Paint, full: boolean): string[] {
  const { object, topic, details } = change
  const head = `  ${paint(FORMATS[change.change], SIGNS[change.change])} ${cleanLine(object)}`
  if (!full && topic === undefined) {
    const short = shortly(details)
    return [short === '' ? head : `${head}  ${paint('dim', cleanLine(short))}`]
  }
  const lines = details.flatMap((detail) => clean(detail).split('\n')).map((line) => paint('dim', `      ${line}`))
  return [`${head}${topic === undefined ? '' : TOPICS[topic]}`, ...lines]
}

/** `2026.4.24 -> 2026.7.16, env, and 3 more lines` */
function shortly(details: readonly string[]): string {
  const tags = [...new Set(details.map(tagsOf).filter((tag) => tag !== undefined))]
  const others = details.filter((line) => tagsOf(line) === undefined)
  const fields = [...new Set(others.map(fieldOf))]
  const shown = fields.slice(0, MOST_FIELDS)
  const more = fields.length - shown.length
  return [...tags, ...shown, ...(more > 0 ? [`${plural(more, 'more field')}`] : [])].join(', ')
}

/** Of a line about an image that keeps its name. */
function tagsOf(line: string): string | undefined {
  const [, from, to] = /image: "[^"]*?([^":/]+)" -> "[^"]*?([^":/]+)"$/.exec(line) ?? []
  return from === undefined || to === undefined ? undefined : `${from} -> ${to}`
}

/** The last part of a path that says something: `spec.template.spec.containers[api].env[LOG_LEVEL]` is `env[LOG_LEVEL]`. */
function fieldOf(line: string): string {
  const path = (line.split(': ')[0] ?? line).replace(/(?<=\])\.value$/, '')
  return /(?:^|\.)([^.[\]]+(?:\[[^\]]*\])*)$/.exec(path)?.[1] ?? path
}
