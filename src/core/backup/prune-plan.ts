// What a prune will do: decided from what the cluster knows, what the store holds, and the policy. Pure.
import { countsAsCompared, countsAsProven } from './rung.ts'
import { stagedBytes } from './staged.ts'
import type { SurveyedSet } from '../data/housekeeping.ts'
import { canonicalJson } from '../json.ts'
import type { BackupSet } from '../resources.ts'
import { fold } from '../run/fold.ts'
import type { Run } from '../run/run.ts'
import type { StoreSpec } from '../store/spec.ts'
import {
  decideRetention,
  isLeftover,
  type RetainedRun,
  type RetainedSet,
  type RetentionDecision,
  type RetentionPolicy,
} from './retention.ts'

export interface PruneInput {
  now: string
  release: string
  store: StoreSpec
  sets: readonly BackupSet[]
  runs: readonly Run[]
  running?: { appVersion: string; chartVersion: string }
  /** What the store holds below the release's directory. */
  stored: readonly SurveyedSet[]
  strandedParts: number
  /** Names of Secrets that runs and sets of this release made. */
  secrets: readonly string[]
}

export interface PrunePolicy extends RetentionPolicy {
  leftoversAfterHours: number
}

export interface PrunePlan {
  decisions: (RetentionDecision & { bytes: number })[]
  /** Of interrupted backups: in the store, without a manifest. */
  leftovers: SurveyedSet[]
  /** Whole, in the store, and unknown to this cluster: never removed from here. */
  foreign: string[]
  /** Copies of sets that stand beside the databases: dropped by accepting what runs, not from here. */
  copies: { set: string; sizeBytes: number }[]
  /** Finished as far as the cluster knows, and not in the store. */
  missing: string[]
  secrets: string[]
  strandedParts: number
  /** Must be whole before anything is removed. */
  keeper?: string
}

/** The run's set has the run's own id, except where a recovery comes back to an older one. */
function setOfRun(run: Run, release: string): string {
  if (run.spec.kind === 'recovery') return run.spec.plan.set
  return run.name.startsWith(`${release}-`) ? run.name.slice(release.length + 1) : run.name
}

function retainedRun(run: Run, release: string): RetainedRun {
  const { ended } = fold(run.events)
  const counts = run.spec.kind === 'upgrade' && ended?.outcome !== 'aborted'
  const { to } = run.spec.kind === 'upgrade' ? run.spec.plan : { to: undefined }
  return {
    name: run.name,
    ended: ended !== undefined,
    set: setOfRun(run, release),
    createdAt: run.createdAt,
    ...(counts && to !== undefined ? { upgradedTo: { appVersion: to.appVersion, chartVersion: to.chartVersion } } : {}),
  }
}

/** A set that is not in the store proves nothing, whatever was once noted on it. */
function retainedSet(set: BackupSet, whole: ReadonlySet<string>): RetainedSet {
  const { name, status } = set
  if (status === undefined) return { name }
  const { chartVersion, appVersion } = status.product
  const rung = whole.has(name) ? { rung: status.rung } : {}
  const staged = status.staged === undefined ? {} : { staged: true as const }
  // Another machine may hold it under the same path, or a volume may not be mounted.
  const missing = whole.has(name) || status.removing !== undefined ? {} : { missing: true as const }
  return { name, takenAt: status.takenAt, chartVersion, appVersion, ...rung, ...staged, ...missing }
}

export function planPrune(input: PruneInput, policy: PrunePolicy): PrunePlan {
  const { now, release, stored } = input
  const whole = new Set(stored.filter((set) => set.hasManifest).map((set) => set.name))
  const bytes = new Map(stored.map((set) => [set.name, set.bytes]))
  const place = canonicalJson(input.store)
  const here = input.sets.filter((set) => canonicalJson(set.store) === place)
  const elsewhere = input.sets.filter((set) => canonicalJson(set.store) !== place)
  const runs = input.runs.map((run) => retainedRun(run, release))
  const facts = {
    now,
    runs,
    sets: here.map((set) => retainedSet(set, whole)),
    ...(input.running === undefined ? {} : { running: input.running }),
  }
  const decisions = [
    ...decideRetention(facts, policy),
    ...elsewhere.map(({ name }) => ({ name, remove: false, why: ['in another store than the installation now has'] })),
  ].map((decision) => ({ ...decision, bytes: bytes.get(decision.name) ?? 0 }))
  const leftovers = stored.filter((directory) => isLeftover(directory, facts, policy.leftoversAfterHours))
  const known = new Set(input.sets.map((set) => set.name))
  const goes = new Set([...decisions.filter(({ remove }) => remove), ...leftovers].map(({ name }) => name))
  const stay = facts.sets
    .filter(({ name, takenAt = '' }) => !goes.has(name) && takenAt <= now)
    .toSorted((left, right) => ((left.takenAt ?? '') < (right.takenAt ?? '') ? 1 : -1))
  const keeper = stay.find((set) => countsAsProven(set.rung)) ?? stay.find((set) => countsAsCompared(set.rung))
  return {
    decisions,
    leftovers,
    foreign: [...whole].filter((name) => !known.has(name)),
    copies: input.sets.flatMap(({ name, status }) =>
      status?.staged === undefined ? [] : [{ set: name, sizeBytes: stagedBytes(status.staged) }],
    ),
    missing: here.filter((set) => set.status !== undefined && !whole.has(set.name)).map((set) => set.name),
    secrets: secretsToRemove(input, runs, goes),
    strandedParts: input.strandedParts,
    ...(keeper === undefined ? {} : { keeper: keeper.name }),
  }
}

/** Of sets that go, and of runs that have ended without leaving a set: they hold copies of passwords that nobody needs any more. */
function secretsToRemove(
  { release, secrets, sets }: PruneInput,
  runs: readonly RetainedRun[],
  goes: Set<string>,
): string[] {
  const staying = new Set(sets.map((set) => set.name).filter((name) => !goes.has(name)))
  const busy = new Set(runs.filter((run) => !run.ended).flatMap((run) => [run.set, run.name]))
  const ended = new Set(runs.filter((run) => run.ended).map((run) => run.name))
  return secrets.filter((secret) => {
    const run = /^pawl-run-(.+)$/.exec(secret)?.[1] ?? `${release}-${/^pawl-set-(.+)$/.exec(secret)?.[1] ?? ''}`
    const set = run.startsWith(`${release}-`) ? run.slice(release.length + 1) : run
    if (busy.has(run) || busy.has(set) || staying.has(set)) return false
    return goes.has(set) || ended.has(run)
  })
}
