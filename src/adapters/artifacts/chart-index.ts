// A repository's index.yaml. Only the one chart's part is parsed: indexes grow to many megabytes, YAML parsers are slow.
import { FAILSAFE_SCHEMA, load } from 'js-yaml'
import { PawlError } from '../../core/errors.ts'
import { isRecord, listOf, recordOf, textOf } from '../../core/json.ts'
import type { ChartEntry } from '../../ports/charts.ts'
import { entryFrom } from './archive.ts'

export interface IndexEntry extends ChartEntry {
  urls: string[]
}

/** Every version of a chart, empty where the index does not have it. Throws `input-invalid` for what is no index. */
export function entriesOf(text: string, chart: string, from: string): IndexEntry[] {
  const part = cutOut(text, chart)
  const entries = part === undefined ? recordOf(wholeIndex(text, from).entries) : recordOf(parsed(part, from))
  return listOf(entries[chart]).map((value) => {
    const item = recordOf(value)
    const urls = listOf(item.urls).filter((url): url is string => typeof url === 'string')
    const created = textOf(item.created)
    const digest = textOf(item.digest)
      ?.replace(/^sha256:/, '')
      .toLowerCase()
    return {
      ...entryFrom(item, from),
      urls,
      ...(created === undefined || Number.isNaN(Date.parse(created))
        ? {}
        : { created: new Date(created).toISOString() }),
      ...(digest === undefined || digest === '' ? {} : { digest }),
    }
  })
}

function wholeIndex(text: string, from: string): Record<string, unknown> {
  const index = parsed(text, from)
  if (isRecord(index) && 'entries' in index) return index
  throw new PawlError({ code: 'input-invalid', message: `${from} is not a chart repository's index.` })
}

function parsed(text: string, from: string): unknown {
  try {
    return load(text, { schema: FAILSAFE_SCHEMA })
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split('\n')[0] : String(cause)
    throw new PawlError({ code: 'input-invalid', message: `${from} is not a chart repository's index: ${why}`, cause })
  }
}

/**
 * The block `NAME:` under `entries:` in the shape Helm writes it. Undefined where it is not found in this way; the whole
 * index then decides.
 */
function cutOut(text: string, chart: string): string | undefined {
  const lines = text.split('\n')
  const start = lines.findIndex((line) => /^entries:\s*$/.test(line))
  if (start < 0) return undefined
  const keys = new Set([`${chart}:`, `"${chart}":`, `'${chart}':`])
  const own = lines.findIndex((line, index) => index > start && keys.has(line.trim()))
  if (own < 0) return undefined
  const depth = indentOf(lines[own] ?? '')
  // A deeper key of the same name (in annotations, say) is not the chart.
  if (depth !== indentOf(lines[start + 1] ?? '')) return undefined
  const rest = lines.slice(own + 1)
  const length = rest.findIndex(
    (line) =>
      line.trim() !== '' && (indentOf(line) < depth || (indentOf(line) === depth && !line.trimStart().startsWith('-'))),
  )
  return [lines[own], ...(length < 0 ? rest : rest.slice(0, length))].join('\n')
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length
}
