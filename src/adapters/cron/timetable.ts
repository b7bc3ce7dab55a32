// Cron expressions as Kubernetes reads them (five fields, names, no seconds), judged and counted on by croner.
import { Cron } from 'croner'
import { PawlError } from '../../core/errors.ts'
import type { Timetable } from '../../ports/timetable.ts'

/** Enough of them that a week of an uneven one has been seen. */
const LOOKED_AT = 16
const SAID = 3
/** croner knows more (L, W, #, 7 for Sunday) than the parser of Kubernetes (github.com/robfig/cron/v3, standard). */
const FIELDS = /^[0-9*/,?-]+ [0-9*/,?-]+ [0-9*/,?-]+ [0-9A-Za-z*/,?-]+ [0-6A-Za-z*/,?-]+$/
const NAME = /[A-Za-z]+/g
const NAMES = new Set('jan feb mar apr may jun jul aug sep oct nov dec sun mon tue wed thu fri sat'.split(' '))
const NICKNAMES = new Set(['@hourly', '@daily', '@midnight', '@weekly', '@monthly', '@yearly', '@annually'])

export function readTimetable(cron: string, timeZone: string, from: Date): Timetable {
  const plain = FIELDS.test(cron) && (cron.match(NAME) ?? []).every((name) => NAMES.has(name.toLowerCase()))
  if (!plain && !NICKNAMES.has(cron))
    throw invalid(`"${cron}" is not five fields as cron has them: minute, hour, day, month, day of the week (0-6)`)
  const next = nextRuns(cron, timeZone, from)
  const [first] = next
  if (first === undefined) throw invalid(`"${cron}" is never due`)
  const gaps = next.slice(1).map((time, index) => time.getTime() - (next[index]?.getTime() ?? 0))
  return { next: next.slice(0, SAID), longestGapMs: Math.max(0, ...gaps) }
}

function nextRuns(cron: string, timeZone: string, from: Date): Date[] {
  try {
    return new Cron(cron, { timezone: timeZone, mode: '5-part' }).nextRuns(LOOKED_AT, from)
  } catch (cause) {
    throw invalid(cause instanceof Error ? cause.message.replace(/^Cron(Pattern|Date): /, '') : String(cause), cause)
  }
}

function invalid(message: string, cause?: unknown): PawlError {
  return new PawlError({ code: 'input-invalid', message, unchanged: 'Nothing was changed.', cause })
}
