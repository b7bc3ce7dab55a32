// Colours and marks: asked for once, given as functions; a text that came from outside loses its control characters first.
import { stripVTControlCharacters, styleText } from 'node:util'

type Format = Parameters<typeof styleText>[0]

/** Gives `text` in a style, or unchanged where no colour is wanted. */
export type Paint = (format: Format, text: string) => string

export function paintWith(colour: boolean): Paint {
  return colour ? (format, text) => styleText(format, text, { validateStream: false }) : (_format, text) => text
}

/** NO_COLOR (https://no-color.org) wins, then FORCE_COLOR, then whether somebody looks at a terminal. */
export function wantsColour(env: Record<string, string | undefined>, isTty: boolean): boolean {
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') return false
  if (env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '0') return true
  return isTty && env['TERM'] !== 'dumb'
}

export const MARKS = { done: '✔', failed: '✖', warn: '!', unknown: '?', now: '▸', todo: '·', none: ' ' } as const

export type Mark = keyof typeof MARKS

const MARK_FORMAT: Record<Mark, Format> = {
  done: 'green',
  failed: 'red',
  warn: 'yellow',
  unknown: 'yellow',
  now: 'cyan',
  todo: 'dim',
  none: 'dim',
}

export function mark(paint: Paint, which: Mark): string {
  return paint(MARK_FORMAT[which], MARKS[which])
}

// Tab and line feed stay; everything else below 32, and DEL to 0x9f, could move the cursor or ring.
// oxlint-disable-next-line no-control-regex -- control characters are what it finds
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g

/** Text from a cluster, a migrator or a person, safe to print on a terminal. */
export function clean(text: string): string {
  return stripVTControlCharacters(text.replaceAll('\r\n', '\n')).replace(CONTROL, '')
}

/** The same on one line. */
export function cleanLine(text: string): string {
  return clean(text)
    .replace(/\s*\n\s*/g, ' ')
    .replaceAll('\t', ' ')
    .trim()
}
