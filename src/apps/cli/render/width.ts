// How many columns a text takes on a terminal, cutting it to fit, and padding.
import { stripVTControlCharacters } from 'node:util'

const ZERO = /^(?:\p{Mark}|[\u200b-\u200f])$/u
// The wide blocks of Unicode's East Asian Width that a name or a message may hold, and emoji.
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]$/u
// oxlint-disable-next-line no-control-regex -- an escape sequence begins with a control character
const ESCAPE = /^\u001b\[[0-9;]*m/

/** Columns of one line; colours take none. */
export function widthOf(text: string): number {
  let columns = 0
  for (const char of stripVTControlCharacters(text)) columns += columnsOf(char)
  return columns
}

/** Cuts a line to `columns`, with `…` where something is missing. Colours are kept and closed. */
export function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text
  let [out, used, isColoured] = ['', 0, false]
  for (let rest = text; rest !== '';) {
    const escape = ESCAPE.exec(rest)?.[0]
    if (escape !== undefined) {
      out += escape
      isColoured = true
      rest = rest.slice(escape.length)
      continue
    }
    const char = String.fromCodePoint(rest.codePointAt(0) ?? 0)
    if (used + columnsOf(char) > columns - 1) break
    out += char
    used += columnsOf(char)
    rest = rest.slice(char.length)
  }
  return `${out}…${isColoured ? '\u001b[0m' : ''}`
}

export function padEnd(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - widthOf(text)))
}

export function padStart(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, columns - widthOf(text))) + text
}

function columnsOf(char: string): number {
  if (ZERO.test(char)) return 0
  return WIDE.test(char) ? 2 : 1
}
