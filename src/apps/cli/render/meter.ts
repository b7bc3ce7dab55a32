// Progress in, one line per database out: how much, how fast, how long still. Rates are of the last few seconds.
import type { DataProgress } from '../../../core/data/tasks.ts'
import { createTracks, type TrackView } from '../../../core/progress/tracks.ts'
import { formatBytes, formatBytesRate, formatCount, formatDuration, formatRowsRate } from './format.ts'
import { cleanLine } from './style.ts'

const PHASES: Record<string, string> = {
  lock: 'locking',
  dump: 'dumping',
  digest: 'hashing rows of',
  encrypt: 'encrypting',
  store: 'encrypting and storing',
  fetch: 'fetching',
  restore: 'restoring',
  compare: 'comparing',
  migrate: 'migrating',
  swap: 'exchanging',
  wait: 'waiting',
}

export interface Meter {
  add(progress: DataProgress, atMs: number): void
  /** The newest line of each database, at most `most`, those that moved last. */
  lines(most: number, nowMs: number): string[]
  /** What is being done now, in one line; `undefined` before the first word. */
  newest(nowMs: number): string | undefined
  clear(): void
}

export function createMeter(): Meter {
  const tracks = createTracks()
  return {
    add: (progress, atMs) => tracks.add(progress, atMs),
    lines: (most, nowMs) => tracks.views(nowMs).slice(-most).map(lineOf),
    newest(nowMs) {
      const last = tracks.views(nowMs).at(-1)
      return last === undefined ? undefined : lineOf(last)
    },
    clear: () => tracks.clear(),
  }
}

function lineOf({ progress, estimated, bytesPerSecond, rowsPerSecond, secondsLeft }: TrackView): string {
  const { phase, role, note, bytes, bytesTotal, rows, rowsTotal } = progress
  const of = estimated ? 'of about' : 'of'
  const parts = [
    note === undefined ? undefined : cleanLine(note),
    bytes === undefined ? undefined : amount(of, bytes, bytesTotal, formatBytes),
    bytesPerSecond === undefined ? undefined : formatBytesRate(bytesPerSecond),
    rows === undefined ? undefined : `${amount(of, rows, rowsTotal, formatCount)} rows`,
    rowsPerSecond === undefined ? undefined : formatRowsRate(rowsPerSecond),
    secondsLeft === undefined ? undefined : `about ${formatDuration(secondsLeft * 1000)} left`,
  ].filter((part) => part !== undefined)
  const what = [PHASES[phase] ?? cleanLine(phase), role].filter((word) => word !== undefined).join(' ')
  return parts.length === 0 ? what : `${what}: ${parts.join(', ')}`
}

function amount(of: string, done: number, all: number | undefined, format: (amount: number) => string): string {
  if (all === undefined || all <= 0) return format(done)
  return `${format(done)} ${of} ${format(all)} (${Math.min(100, Math.floor((done / all) * 100))} %)`
}
