// Progress in, one line per database out: how much, how fast, how long still. Rates are of the last few seconds.
import type { DataProgress } from '../../../core/data/tasks.ts'
import { formatBytes, formatBytesRate, formatCount, formatDuration, formatRowsRate } from './format.ts'
import { cleanLine } from './style.ts'

const WINDOW_MS = 10_000
/** A rate over less than this says nothing. */
const LEAST_MS = 1_000

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

interface Sample {
  atMs: number
  bytes?: number
  rows?: number
}

interface Track {
  latest: DataProgress
  samples: Sample[]
}

export interface Meter {
  add(progress: DataProgress, atMs: number): void
  /** The newest line of each database, at most `most`, those that moved last. */
  lines(most: number): string[]
  /** What is being done now, in one line; `undefined` before the first word. */
  newest(): string | undefined
  clear(): void
}

export function createMeter(): Meter {
  const tracks = new Map<string, Track>()
  return {
    add(progress, atMs) {
      const key = progress.role ?? ''
      const known = tracks.get(key)
      const samples = known?.latest.phase === progress.phase ? known.samples : []
      // Whoever moved last stands last.
      tracks.delete(key)
      tracks.set(key, {
        latest: progress,
        samples: [...samples.filter((sample) => atMs - sample.atMs <= WINDOW_MS), sampleOf(progress, atMs)],
      })
    },
    lines: (most) => [...tracks.values()].slice(-most).map(lineOf),
    newest() {
      const last = [...tracks.values()].at(-1)
      return last === undefined ? undefined : lineOf(last)
    },
    clear: () => tracks.clear(),
  }
}

function sampleOf(progress: DataProgress, atMs: number): Sample {
  const { bytes, rows } = progress
  return { atMs, ...(bytes === undefined ? {} : { bytes }), ...(rows === undefined ? {} : { rows }) }
}

function lineOf({ latest, samples }: Track): string {
  const { phase, role, note, bytes, bytesTotal, rows, rowsTotal } = latest
  const parts = [
    note === undefined ? undefined : cleanLine(note),
    bytes === undefined
      ? undefined
      : amount(formatBytes(bytes), bytes, bytesTotal === undefined ? undefined : formatBytes(bytesTotal), bytesTotal),
    rateOf(samples, 'bytes', formatBytesRate),
    rows === undefined
      ? undefined
      : `${amount(formatCount(rows), rows, rowsTotal === undefined ? undefined : formatCount(rowsTotal), rowsTotal)} rows`,
    rateOf(samples, 'rows', formatRowsRate),
    timeLeft(latest, samples),
  ].filter((part) => part !== undefined)
  const what = [PHASES[phase] ?? cleanLine(phase), role].filter((word) => word !== undefined).join(' ')
  return parts.length === 0 ? what : `${what}: ${parts.join(', ')}`
}

function amount(done: string, doneNumber: number, all: string | undefined, allNumber: number | undefined): string {
  if (all === undefined || allNumber === undefined || allNumber <= 0) return done
  return `${done} of ${all} (${Math.min(100, Math.floor((doneNumber / allNumber) * 100))} %)`
}

function perSecond(samples: readonly Sample[], of: 'bytes' | 'rows'): number | undefined {
  const known = samples.filter((sample) => sample[of] !== undefined)
  const [first, last] = [known[0], known.at(-1)]
  if (first === undefined || last === undefined || last.atMs - first.atMs < LEAST_MS) return undefined
  return Math.max(0, ((last[of] ?? 0) - (first[of] ?? 0)) / ((last.atMs - first.atMs) / 1000))
}

function rateOf(
  samples: readonly Sample[],
  of: 'bytes' | 'rows',
  format: (rate: number) => string,
): string | undefined {
  const rate = perSecond(samples, of)
  return rate === undefined ? undefined : format(rate)
}

function timeLeft(
  { bytes, bytesTotal, rows, rowsTotal }: DataProgress,
  samples: readonly Sample[],
): string | undefined {
  const left =
    secondsLeft(bytes, bytesTotal, perSecond(samples, 'bytes')) ??
    secondsLeft(rows, rowsTotal, perSecond(samples, 'rows'))
  return left === undefined ? undefined : `about ${formatDuration(left * 1000)} left`
}

function secondsLeft(done: number | undefined, all: number | undefined, rate: number | undefined): number | undefined {
  if (done === undefined || all === undefined || rate === undefined || rate === 0 || done >= all) return undefined
  return (all - done) / rate
}
