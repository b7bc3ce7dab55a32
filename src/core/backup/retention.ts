// Which backup sets may go. Whatever the input, what is needed to get back stays; what is not understood stays as well.
import type { Rung } from '../data/tasks.ts'
import { countsAsCompared, countsAsProven } from './rung.ts'

export interface RetainedSet {
  name: string
  /** When its last snapshot was taken; absent where it was never finished. */
  takenAt?: string
  rung?: Rung
  /** What ran when it was taken. */
  chartVersion?: string
  appVersion?: string
  /** Its store, as it is reached from here, does not hold it, and nobody has begun to remove it there. */
  missing?: true
  /** Its copies stand beside the live databases; without the set nobody would know whose they are. */
  staged?: true
}

export interface RetainedRun {
  name: string
  ended: boolean
  /** The set the run takes (upgrade, backup) or comes back to (recovery). */
  set: string
  /** An upgrade that did not abort: its set is the way back from what it installed. */
  upgradedTo?: { appVersion: string; chartVersion: string }
  createdAt: string
}

export interface RetentionFacts {
  now: string
  sets: readonly RetainedSet[]
  runs: readonly RetainedRun[]
  /** What runs now; unknown keeps everything that could be the way back from it. */
  running?: { appVersion: string; chartVersion: string }
}

export interface RetentionPolicy {
  /** How many proven sets stay in any case. */
  keep: number
  /** Sets younger than this stay as well. */
  keepDays: number
}

export interface RetentionDecision {
  name: string
  remove: boolean
  /** Every reason to keep it, or the one for which it goes. */
  why: string[]
}

const DAY_MS = 86_400_000

function isProven(set: RetainedSet): boolean {
  return countsAsProven(set.rung)
}

/** `NaN` for a time that cannot be read: no comparison with it is true, so that nothing is old by mistake. */
function timeOf(text: string | undefined): number {
  return text === undefined ? Number.NaN : Date.parse(text)
}

function newest<T>(items: readonly T[], at: (item: T) => number): T | undefined {
  return items.toSorted((left, right) => at(right) - at(left))[0]
}

/** The sets that lead back from what runs: those taken by upgrades to it, and the newest proven one of it. */
function recoveryPairs({ now, sets, runs, running }: RetentionFacts): Set<string> {
  const upgrades = runs.filter((run) => run.upgradedTo !== undefined)
  const same = (release: { appVersion: string; chartVersion: string } | undefined): boolean =>
    running === undefined ||
    (release?.appVersion === running.appVersion && release.chartVersion === running.chartVersion)
  const last = newest(upgrades, (run) => timeOf(run.createdAt))
  const found = new Set(upgrades.filter((run) => same(run.upgradedTo)).map((run) => run.set))
  if (last !== undefined) found.add(last.set)
  const ofRunning = sets.filter(
    (set) =>
      isProven(set) &&
      timeOf(set.takenAt) <= timeOf(now) &&
      running !== undefined &&
      set.chartVersion === running.chartVersion &&
      set.appVersion === running.appVersion,
  )
  const pair = newest(ofRunning, (set) => timeOf(set.takenAt))
  if (pair !== undefined) found.add(pair.name)
  return found
}

/**
 * Sets that reach `restored+` and no more give way to newer ones that show as much: where a schedule takes only such sets, nothing
 * would ever go otherwise.
 */
function givesWay({ now, sets }: RetentionFacts, keep: number): (set: RetainedSet) => boolean {
  const compared = sets
    .filter((set) => countsAsCompared(set.rung))
    .map((set) => timeOf(set.takenAt))
    .filter((at) => at <= timeOf(now))
  return (set) => set.rung === 'restored+' && compared.filter((at) => at > timeOf(set.takenAt)).length >= keep
}

/**
 * Total and pure. Sets that are not proven never count as kept and never push a proven one out; a set with a time that cannot be
 * read, or in the future, stays.
 */
export function decideRetention(facts: RetentionFacts, policy: RetentionPolicy): RetentionDecision[] {
  const now = timeOf(facts.now)
  const proven = facts.sets
    // Of a time in the future (a clock that went wrong) nobody can say that it is the last one.
    .filter((set) => isProven(set) && timeOf(set.takenAt) <= now)
    .toSorted((left, right) => timeOf(right.takenAt) - timeOf(left.takenAt))
  const count = Math.max(1, Math.floor(policy.keep) || 1)
  const counted = new Set(proven.slice(0, count).map((set) => set.name))
  const isSuperseded = givesWay(facts, count)
  const lastProven = proven[0]
  const pairs = recoveryPairs(facts)
  const busy = new Map(facts.runs.filter((run) => !run.ended).map((run) => [run.set, run.name]))
  const limitMs = (policy.keepDays > 0 ? policy.keepDays : 0) * DAY_MS

  return facts.sets.map((set) => {
    const at = timeOf(set.takenAt)
    const keep: string[] = []
    const run = busy.get(set.name)
    if (run !== undefined) keep.push(`run ${run} is not finished`)
    const superseded = isSuperseded(set)
    if (lastProven === undefined && !superseded) keep.push('no set is proven yet')
    if (set.missing === true) keep.push('not in the store that is reached from here')
    if (set.staged === true) keep.push('its copies stand beside the live databases')
    if (set.name === lastProven?.name) keep.push('the last proven set')
    else if (counted.has(set.name)) keep.push(`one of the ${counted.size} newest proven sets`)
    if (pairs.has(set.name)) keep.push('the way back from a release that runs or may run')
    if (set.takenAt === undefined) keep.push('not finished: what it left in the store is looked at by age')
    else if (Number.isNaN(at) || Number.isNaN(now)) keep.push('its age is not known')
    else if (now - at < limitMs) keep.push(`younger than ${policy.keepDays} days`)
    else if (at > now) keep.push('its time is in the future')
    if (!isProven(set) && !superseded && lastProven !== undefined && !(at < timeOf(lastProven.takenAt)))
      keep.push('not proven, and newer than the last proven set')
    if (keep.length > 0) return { name: set.name, remove: false, why: keep }
    const enough = isProven(set) ? 'newer proven sets are enough' : 'newer sets that show as much are enough'
    return { name: set.name, remove: true, why: [isProven(set) || superseded ? enough : 'not proven'] }
  })
}

export interface StoredDirectory {
  /** Last part of its name in the store. */
  name: string
  hasManifest: boolean
  /** Of its newest object. */
  newestAt: string
}

/** What an interrupted backup left: no manifest, nothing new for so long, and nobody who could still be at it. */
export function isLeftover(
  directory: StoredDirectory,
  facts: Pick<RetentionFacts, 'now' | 'runs'>,
  afterHours: number,
): boolean {
  if (directory.hasManifest) return false
  if (facts.runs.some((run) => !run.ended && run.set === directory.name)) return false
  return timeOf(facts.now) - timeOf(directory.newestAt) > Math.max(1, afterHours) * 3_600_000
}
