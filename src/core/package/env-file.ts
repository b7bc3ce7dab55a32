// Reads a customer.env: lines of NAME=VALUE as Docker Compose and shells read them, but nothing in it is ever run or filled in.
import { PawlError } from '../errors.ts'

export interface EnvFile {
  values: Record<string, string>
  /** What a shell or Compose would have done with a line; names and line numbers, no values. */
  warnings: string[]
}

const LINE = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)$/s

/** Throws `input-invalid` for what is no such file. Its text may be secret and is not quoted. */
export function parseEnvFile(text: string, where: string): EnvFile {
  if (text.includes('\0')) throw new PawlError({ code: 'input-invalid', message: `${where} is no text` })
  const values: Record<string, string> = Object.create(null) as Record<string, string>
  const warnings: string[] = []
  const lines = text.replace(/^\u{feff}/u, '').split('\n')
  for (let at = 0; at < lines.length; at += 1) {
    const first = at + 1
    const line = (lines[at] ?? '').replace(/\r$/, '')
    if (/^\s*(?:#.*)?$/.test(line)) continue
    const match = LINE.exec(line)
    if (match === null) throw malformed(where, first, 'is no NAME=VALUE')
    const [, name = '', rest = ''] = match
    const { value, quote, endsAt } = readValue(rest.trimStart(), lines, at, where)
    at = endsAt
    if (quote !== "'") warnings.push(...wouldRun(name, value, where, first))
    if (quote === '' && /\s/.test(value)) warnings.push(`${where}:${first}: ${name} has spaces and no quotes`)
    if (name in values) warnings.push(`${where}:${first}: ${name} is given twice; the last one counts`)
    values[name] = value
  }
  return { values: { ...values }, warnings }
}

interface ReadValue {
  value: string
  quote: '' | "'" | '"'
  /** Index of the last line that belongs to it. */
  endsAt: number
}

function readValue(rest: string, lines: readonly string[], at: number, where: string): ReadValue {
  const quote = rest[0]
  if (quote !== "'" && quote !== '"') return { value: rest.replace(/\s+#.*$/, '').trimEnd(), quote: '', endsAt: at }
  let text = rest.slice(1)
  for (let endsAt = at; ;) {
    const end = closing(text, quote)
    if (end !== undefined) {
      if (!/^\s*(?:#.*)?$/.test(text.slice(end + 1))) throw malformed(where, endsAt + 1, 'goes on after its quotes')
      const inside = text.slice(0, end)
      return { value: quote === "'" ? inside : unescape(inside), quote, endsAt }
    }
    endsAt += 1
    const next = lines[endsAt]
    if (next === undefined) throw malformed(where, at + 1, 'has a quote that never ends')
    text += `\n${next.replace(/\r$/, '')}`
  }
}

/** Where the quote ends; in double quotes a backslash takes the next character's meaning away. */
function closing(text: string, quote: "'" | '"'): number | undefined {
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === quote) return at
    if (quote === '"' && text[at] === '\\') at += 1
  }
  return undefined
}

function unescape(text: string): string {
  return text.replace(/\\(["\\$`])/g, '$1')
}

function wouldRun(name: string, value: string, where: string, line: number): string[] {
  const found: string[] = []
  if (/\$\(|`/.test(value)) found.push('a command')
  if (/\$(?:\{|[A-Za-z_])/.test(value)) found.push('a variable')
  return found.map(
    (what) => `${where}:${line}: ${name} names ${what}; it is taken as it is written, and nothing is run`,
  )
}

function malformed(where: string, line: number, what: string): PawlError {
  return new PawlError({
    code: 'input-invalid',
    message: `line ${line} of ${where} ${what}`,
    unchanged: 'Nothing was downloaded.',
    facts: { file: where, line },
  })
}
