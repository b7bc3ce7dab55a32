// What is known before an upgrade is decided on. Every part is either known, or not known with the reason: nothing is assumed.
import type { RecordedFloor } from '../floor/floor.ts'
import type { Compression } from '../backup/space.ts'
import type { DatabaseObservation } from '../data/tasks.ts'
import type { ErrorCode } from '../errors.ts'
import type { Day } from '../lifecycle/dates.ts'
import type { ExpectedDatabase } from '../profile/databases.ts'
import type { Profile } from '../profile/profile.ts'
import type { TrapReport } from '../profile/traps.ts'
import type { Pinned } from '../rendered/pinned.ts'
import type { Refusal } from '../rendered/refusal.ts'
import type { Volatile } from '../rendered/stored.ts'
import type { Manager } from '../status/managers.ts'
import type { Capacity } from './capacity.ts'
import type { KnownRelease } from '../releases/release.ts'
import type { LiveDatabase } from '../profile/truth.ts'
import type { Pace } from './pace.ts'
import type { PlannedChange, Writer } from './plan.ts'
import type { PullFacts, PullGroup } from './pulls.ts'
import type { ChartFacts, ResolvedTarget } from './target.ts'

/** A fact, or why there is none; `code` where the failure has one of its own. */
export type Known<T> = { known: true; value: T } | { known: false; why: string; code?: ErrorCode }

export function known<T>(value: T): Known<T> {
  return { known: true, value }
}

export function unknown(why: string, code?: ErrorCode): Known<never> {
  return { known: false, why, ...(code === undefined ? {} : { code }) }
}

/** The value, or `undefined` where it is not known. */
export function valueOf<T>(fact: Known<T>): T | undefined {
  return fact.known ? fact.value : undefined
}

/** One of Helm's records, without what is secret in it. */
export interface RecordFacts {
  revision: number
  status: string
  chart: ChartFacts
  applyMethod: 'ssa' | 'csa'
}

/** How far the gathering went: cheap reads only; with the target rendered; with the databases and the store looked at. */
export type Stage = 1 | 2 | 3

export interface DeploymentFacts {
  name: string
  replicas: number
  autoscaler?: string
  scaledBy?: string
}

/** Known without touching or making anything. */
export interface CheapFacts {
  today: Day
  newestReleaseDay?: Day
  /** Releases of this product by its history and by snapshots: not from the chart source that the target comes from. */
  knownReleases?: readonly KnownRelease[]
  /** Helm's newest record, and the newest one that was deployed. */
  latest: RecordFacts
  installed: Known<RecordFacts>
  /** What the live release says it is; absent where the profile knows no place for that. */
  runningVersion?: Known<string>
  /** Ways in which live pods differ from the deployed record, in words. */
  strays: Known<string[]>
  /** Names of hook Jobs of this release that are still at work. */
  activeHooks: Known<string[]>
  /** Other tools that look after this installation. */
  managers: Known<Manager[]>
  target: Known<ResolvedTarget>
  /** Version of the customer package in the new values and the floor of the target chart; absent where the product has none. */
  package?: Known<{ version: string; floor: string }>
  /** As the values describe them; where the live release is rightly told otherwise, as it is told. */
  databases: Known<ExpectedDatabase[]>
  databasesAfter: Known<ExpectedDatabase[]>
  /** The same databases, as the live release is told to use them. */
  liveDatabases: Known<LiveDatabase[]>
  /** `secret/key` that a login refers to and that is not there. */
  missingSecretKeys: Known<string[]>
  /** Value paths that must stay and do not. */
  changedImmutables: Known<string[]>
  /** What the profile knows to go wrong between these two charts and values. */
  traps: Known<TrapReport>
  /** Digest of the archive of the installed chart. */
  installedChart: Known<{ digest: string }>
  unfinishedRuns: Known<string[]>
  /** Sets of earlier upgrades whose copies still stand on the database server. */
  stagedSets: Known<{ set: string; bytes: number }[]>
  /** How long earlier runs took; oldest first. */
  paces: Known<Pace[]>
  recipients: string[]
  identityThere: Known<boolean>
  helm: Known<{ version: string; major: number; minor: number }>
  kubernetes: Known<{ major: number; minor: number }>
  deployments: Known<DeploymentFacts[]>
  writers: Known<Writer[]>
  /** Workloads of other kinds that hold credentials. */
  otherWriters: Known<string[]>
  valuesFiles: { name: string; digest: string }[]
  mergedValuesDigest: string
  dataImage: string
}

/** Known once the target and the installed chart were rendered. */
export interface RenderedFacts {
  /** As the API server would store it, against what is there. */
  changes: PlannedChange[]
  /** Writes of the target that the API server would not take. */
  refused: Refusal[]
  /** `Kind/name` of objects that the server would not judge, with why. */
  unverified: string[]
  /** What the chart draws anew at each rendering. */
  volatile: Volatile[]
  /** Images that somebody's values keep at another version. */
  pinned: Pinned
  /** Whether its pods find room. */
  capacity: Known<Capacity>
  /** Images it needs, by who asks for them. */
  images: PullGroup[]
  /** What would happen to disks, in words. */
  storage: string[]
  /** Of the target with nothing running: what may write and would start all the same, `Kind/name`. */
  startedWhileStaged: Known<{ deployments: string[]; others: string[] }>
  /** Of the target: Deployments and their init containers. */
  initContainers: Record<string, string[]>
  hooks: { name: string; kind: string; events: string[] }[]
  /** `Kind/name` of objects left by earlier hooks that Helm would trip over. */
  hookLeftovers: string[]
  /** Objects in which the archived chart of the installed release renders otherwise than Helm's record says. */
  pairDifferences: Known<string[]>
}

/** Known once the databases and the store were looked at. */
export interface ObservedFacts {
  observations: Known<DatabaseObservation[]>
  store: Known<{ freeBytes?: number }>
  /** What earlier sets of these databases tell of their size in a backup, newest first. */
  earlier?: Known<Compression>
  /** What Pawl remembers to have written into the databases. */
  recordedFloor?: RecordedFloor
  /** Whether the cluster can pull the images of the target; absent where there is none. */
  pulls?: Known<PullFacts>
}

export interface PlanFacts {
  release: string
  namespace: string
  profile: Profile
  /** When the facts were gathered (ISO 8601, UTC). */
  at: string
  /** What was asked for, as it was typed. */
  requested: string
  /** The proof's copy is to stay beside the live databases; `roomBytes`: what the server has free, by what somebody said. */
  staging?: { roomBytes?: number }
  /** The databases' rows are to be counted only. */
  sourceLoad?: 'low'
  cheap: CheapFacts
  rendered?: Known<RenderedFacts>
  observed?: ObservedFacts
}

export function stageOf(facts: PlanFacts): Stage {
  if (facts.observed !== undefined) return 3
  return facts.rendered !== undefined ? 2 : 1
}
