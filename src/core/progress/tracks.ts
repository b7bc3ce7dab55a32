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
  /**
   * Until the last of what is under way has ended, and after it what was announced: of a database whose turn has not come, that it
   * has done nothing of its total. Absent where a part of it is not known.
   */
  timeLeft(nowMs: number): { seconds: number; estimated: boolean } | undefined
  clear(): void
}

export function createTracks(): Tracks {
  const tracks = new Map<string, Track>()
  return {
    add(progress, atMs) {
      const key = `${progress.role ?? ''}/${progress.phase}`
      const known = tracks.get(key)
      // What has less than before was begun anew; what had nothing and still has begins only now.
      const again = known !== undefined && (hasLess(progress, known.latest) || (!hasMoved(known) && !moves(progress)))
      const samples = known === undefined || again ? [] : known.samples
      tracks.delete(key)
      tracks.set(key, { latest: progress, samples: thinned([...samples, sampleOf(progress, atMs)]) })
    },
    views: (nowMs) => [...tracks.values()].map((track) => viewOf(track, nowMs)),
    timeLeft: (nowMs) => timeLeftOf([...tracks.values()], nowMs),
    clear: () => tracks.clear(),
  }
}

interface Left {
  seconds: number
  estimated: boolean
}

function timeLeftOf(tracks: readonly Track[], nowMs: number): Left | undefined {
  const open = tracks.filter(({ latest }) => isMeasured(latest) && !isOver(latest))
  const moved = tracks.filter(hasMoved)
  const begun = new Set(moved.map(roleOf))
  // Between two databases nothing is under way; where that lasts, something is wrong.
  const isBetween = !open.some((track) => begun.has(roleOf(track)))
  if (open.length === 0 || (isBetween && nowMs - lastWordMs(moved) > WINDOW_MS)) return undefined
  const parts = [...Map.groupBy(open, roleOf)].map(([role, some]) => ({
    seconds: longest(some.map((track) => secondsOf(track, moved, nowMs))),
    isLater: !begun.has(role),
  }))
  const now = longest(parts.filter(({ isLater }) => !isLater).map(({ seconds }) => seconds))
  const later = parts.filter(({ isLater }) => isLater).map(({ seconds }) => seconds)
  const all = [now, ...later]
  if (!all.every((seconds) => seconds !== undefined)) return undefined
  return {
    seconds: all.reduce((sum, seconds) => sum + seconds, 0),
    estimated: open.some(({ latest }) => ESTIMATED.has(latest.phase)),
  }
}

function roleOf({ latest }: Track): string {
  return latest.role ?? ''
}

function moves({ bytes = 0, rows = 0 }: Pick<DataProgress, Unit>): boolean {
  return bytes > 0 || rows > 0
}

function hasMoved({ latest }: Track): boolean {
  return moves(latest)
}

function lastWordMs(tracks: readonly Track[]): number {
  return Math.max(...tracks.map(({ samples }) => samples.at(-1)?.atMs ?? 0))
}

/** Of what goes on side by side. */
function longest(seconds: readonly (number | undefined)[]): number | undefined {
  const known = seconds.filter((one) => one !== undefined)
  return known.length < seconds.length ? undefined : Math.max(0, ...known)
}

/** What has not begun, or only just, will go as fast as the same phase of the databases before it. */
function secondsOf(track: Track, moved: readonly Track[], nowMs: number): number | undefined {
  const { bytesPerSecond, rowsPerSecond, secondsLeft } = viewOf(track, nowMs)
  if ((bytesPerSecond ?? rowsPerSecond) !== undefined) return secondsLeft
  const { phase, bytes = 0, bytesTotal, rows = 0, rowsTotal } = track.latest
  const before = moved.filter((other) => other !== track && other.latest.phase === phase)
  return (
    secondsFor(bytes, bytesTotal, paceOf(before, 'bytes', nowMs)) ??
    secondsFor(rows, rowsTotal, paceOf(before, 'rows', nowMs))
  )
}

/** From the beginning of each to its end, or to now. */
function paceOf(tracks: readonly Track[], unit: Unit, nowMs: number): number | undefined {
  let [amount, ms] = [0, 0]
  for (const { latest, samples } of tracks) {
    const [first] = underWay(samples)
    amount += (latest[unit] ?? 0) - (first?.[unit] ?? 0)
    ms += ((isOver(latest) ? samples.at(-1)?.atMs : undefined) ?? nowMs) - (first?.atMs ?? nowMs)
  }
  return amount === 0 ? undefined : (amount / Math.max(ms, 1)) * 1000
}

function hasLess(now: DataProgress, before: DataProgress): boolean {
  return (['bytes', 'rows'] as const).some((unit) => (now[unit] ?? 0) < (before[unit] ?? 0))
}

function sampleOf({ bytes, rows }: DataProgress, atMs: number): Sample {
  return { atMs, ...(bytes === undefined ? {} : { bytes }), ...(rows === undefined ? {} : { rows }) }
}

/** Programs take a while to start: that counts only for as long as little else is known. */
function underWay(samples: readonly Sample[]): readonly Sample[] {
  const [begin, first] = samples
  if (begin === undefined || first === undefined || moves(begin)) return samples
  return (samples.at(-1)?.atMs ?? 0) - first.atMs >= LEAST_MS ? samples.slice(1) : samples
}

function thinned(samples: Sample[]): Sample[] {
  return samples.length <= MOST_SAMPLES
    ? samples
    : samples.filter((_, index) => index % 2 === 0 || index === samples.length - 1)
}

function isMeasured({ bytes, rows }: DataProgress): boolean {
  return bytes !== undefined || rows !== undefined
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
  const rate = (unit: Unit): number | undefined => (moves(latest) ? perSecond(samples, unit, nowMs) : undefined)
  const [bytesPerSecond, rowsPerSecond] = [rate('bytes'), rate('rows')]
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
  const known = underWay(samples).filter((sample) => sample[unit] !== undefined)
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
