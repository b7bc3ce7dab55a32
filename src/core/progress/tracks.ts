// How fast work goes and how long it still takes, from what it says of itself: one track for each phase of each database. What is
// not known is left out; no number is ever made up.
import type { DataProgress } from '../data/tasks.ts'

/** A rate is that of the last ten seconds, and of the last quarter where the work goes on for longer. */
const WINDOW_MS = 10_000
const WINDOW_SHARE = 0.25
/** A rate over less than this says nothing. */
const LEAST_MS = 1_000
/** Beyond so many samples every second one is dropped: work of days is told apart by hours. */
const MOST_SAMPLES = 256

/** Phases whose totals are guessed from sizes and statistics; the totals of all others were counted. */
const ESTIMATED = new Set(['dump', 'digest', 'restore'])

type Unit = 'bytes' | 'rows'

interface Sample {
  atMs: number
  bytes?: number
  rows?: number
}

interface Track {
  latest: DataProgress
  samples: Sample[]
}

export interface TrackView {
  progress: DataProgress
  /** True where the total is an estimate. */
  estimated: boolean
  bytesPerSecond?: number
  rowsPerSecond?: number
  secondsLeft?: number
}

export interface Tracks {
  add(progress: DataProgress, atMs: number): void
  /** Each track, those that moved last at the end. */
  views(nowMs: number): TrackView[]
  /** Until the last of what is under way has ended; absent where that of one of them is not known. */
  timeLeft(nowMs: number): { seconds: number; estimated: boolean } | undefined
  clear(): void
}

export function createTracks(): Tracks {
  const tracks = new Map<string, Track>()
  return {
    add(progress, atMs) {
      const key = `${progress.role ?? ''}/${progress.phase}`
      const known = tracks.get(key)
      // What has less than before was begun anew.
      const again = known !== undefined && hasLess(progress, known.latest)
      const samples = known === undefined || again ? [] : known.samples
      tracks.delete(key)
      tracks.set(key, { latest: progress, samples: thinned([...samples, sampleOf(progress, atMs)]) })
    },
    views: (nowMs) => [...tracks.values()].map((track) => viewOf(track, nowMs)),
    timeLeft(nowMs) {
      const open = [...tracks.values()]
        .map((track) => viewOf(track, nowMs))
        .filter((view) => isMeasured(view.progress) && !isOver(view.progress) && !mayHaveEnded(view))
      if (open.length === 0) return undefined
      const left = open.map(({ secondsLeft }) => secondsLeft)
      if (left.some((seconds) => seconds === undefined)) return undefined
      return {
        seconds: Math.max(...left.filter((seconds) => seconds !== undefined)),
        estimated: open.some(({ estimated }) => estimated),
      }
    },
    clear: () => tracks.clear(),
  }
}

function hasLess(now: DataProgress, before: DataProgress): boolean {
  return (['bytes', 'rows'] as const).some((unit) => (now[unit] ?? 0) < (before[unit] ?? 0))
}

function sampleOf({ bytes, rows }: DataProgress, atMs: number): Sample {
  return { atMs, ...(bytes === undefined ? {} : { bytes }), ...(rows === undefined ? {} : { rows }) }
}

function thinned(samples: Sample[]): Sample[] {
  return samples.length <= MOST_SAMPLES
    ? samples
    : samples.filter((_, index) => index % 2 === 0 || index === samples.length - 1)
}

function isMeasured({ bytes, rows }: DataProgress): boolean {
  return bytes !== undefined || rows !== undefined
}

/** Where the total was a guess, standing still for so long may be the end. */
function mayHaveEnded({ estimated, bytesPerSecond, rowsPerSecond }: TrackView): boolean {
  return estimated && (bytesPerSecond ?? rowsPerSecond) === 0
}

function isOver({ bytes, bytesTotal, rows, rowsTotal }: DataProgress): boolean {
  const known = [
    ...(bytesTotal === undefined ? [] : [(bytes ?? 0) >= bytesTotal]),
    ...(rowsTotal === undefined ? [] : [(rows ?? 0) >= rowsTotal]),
  ]
  return known.length > 0 && known.every(Boolean)
}

function viewOf({ latest, samples }: Track, nowMs: number): TrackView {
  const { bytes, bytesTotal, rows, rowsTotal } = latest
  const bytesPerSecond = perSecond(samples, 'bytes', nowMs)
  const rowsPerSecond = perSecond(samples, 'rows', nowMs)
  const secondsLeft = secondsFor(bytes, bytesTotal, bytesPerSecond) ?? secondsFor(rows, rowsTotal, rowsPerSecond)
  return {
    progress: latest,
    estimated: ESTIMATED.has(latest.phase),
    ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
    ...(rowsPerSecond === undefined ? {} : { rowsPerSecond }),
    ...(secondsLeft === undefined ? {} : { secondsLeft }),
  }
}

/** Counted up to now, not to the last word: what stands still becomes slower with every second. */
function perSecond(samples: readonly Sample[], unit: Unit, nowMs: number): number | undefined {
  const known = samples.filter((sample) => sample[unit] !== undefined)
  const [first, last] = [known[0], known.at(-1)]
  if (first === undefined || last === undefined) return undefined
  const window = Math.max(WINDOW_MS, (nowMs - first.atMs) * WINDOW_SHARE)
  // The last one before the window begins: a step that was long on its way counts with the time that it took.
  const from = known.findLast((sample) => nowMs - sample.atMs >= window) ?? first
  const ms = nowMs - from.atMs
  return ms < LEAST_MS ? undefined : Math.max(0, (((last[unit] ?? 0) - (from[unit] ?? 0)) / ms) * 1000)
}

/** More than the total: the estimate was wrong, and there is none any more. */
function secondsFor(done: number | undefined, all: number | undefined, rate: number | undefined): number | undefined {
  if (done === undefined || all === undefined || rate === undefined || rate === 0 || done > all) return undefined
  return (all - done) / rate
}
