// What is said of an installation: what runs by every witness, how long it is supported, its last proof. Unknown stays unknown.
import type { DatabaseEvidence, DatabaseObservation, Rehearsal, Rung } from '../data/tasks.ts'
import type { FloorFault, RecordedFloor } from '../floor/floor.ts'
import type { Day } from '../lifecycle/dates.ts'
import type { Support } from '../lifecycle/lifecycle.ts'
import type { Known } from '../plan/facts.ts'
import type { DatabaseLocation } from '../profile/databases.ts'
import type { Phase, RunKind } from '../run/run.ts'
import type { FoundSchedule } from '../schedule/schedule.ts'
import type { Manager } from './managers.ts'

/** A part of the product that values switch on and off. */
export interface Feature {
  name: string
  on: boolean
}

/** What somebody saw of a database when they last looked. */
export interface DatabaseSeen {
  /** ISO 8601, UTC. */
  at: string
  serverVersion: string
  sizeBytes: number
  /** What the logins may do; a backup does not write that down. */
  rights?: DatabaseObservation['rights']
}

export interface DatabaseStatus extends DatabaseLocation {
  /** Looked at on request, else as the last backup found it. */
  seen: Known<DatabaseSeen>
}

/** One database, looked at where it is. */
export interface LookedAt extends DatabaseLocation {
  seen: Known<DatabaseObservation>
}

/** One witness to the version that runs. */
export interface Witness {
  /** For example `Helm record, revision 7`. */
  who: string
  version: Known<string>
}

export interface GuardSummary {
  /** `broken`: a guard is there and what enforces it is not. */
  state: 'not installed' | 'installed' | 'watching only' | 'broken'
  /** Somebody lets everything through until then. */
  opening?: { by: string; reason: string; until: string }
}

/** The newest set that is complete, proven or not. */
export interface LastBackup {
  set: string
  /** When the last of its snapshots was taken. */
  at: string
  /** Of the dumps, compressed. */
  archiveBytes: number
  /** Of the databases then. */
  databaseBytes: number
  rung: Rung
}

export interface ScheduleStatus extends FoundSchedule {
  /** Empty `next` where it is suspended. */
  timetable: Known<{ next: string[]; longestGapMs: number }>
}

export interface Status {
  release: string
  namespace: string
  profile: string
  title: string
  today: Day
  chart: { name: string; version: string }
  /** `touchedAt`: when Helm last wrote the record, which for one that is pending says whether anybody still works on it. */
  helm: { revision: number; status: string; at?: string; touchedAt?: string }
  /** The version all witnesses agree on; unknown where they do not, or where one has nothing to say. */
  running: Known<string>
  witnesses: Witness[]
  /** How far pods of the release are ready. */
  pods: Known<{ ready: number; total: number }>
  support: Support
  /** The newest finished release the chart source has. */
  newest: Known<string>
  /** Who knows it: the chart source, or only the history that Pawl itself carries. */
  newestFrom?: 'charts' | 'history'
  databases: Known<DatabaseStatus[]>
  /** Parts that are switched on or off; empty where the profile knows none. */
  features: Known<Feature[]>
  /** Customer package: the one in the values, and the newest there is; absent where the product has none. */
  package?: { installed: Known<string>; newest: Known<string> }
  /** Other tools that look after this installation. */
  managers: Known<Manager[]>
  lastProof: Known<{ set: string; at: string; rung: Rung; version: string } | 'none'>
  /** The newest recovery from the store that was carried through: how long it took, whichever set it came back to. */
  lastRehearsal: Known<(Rehearsal & { set: string; at: string }) | 'none'>
  lastBackup: Known<LastBackup | 'none'>
  /** How old the last proof may become before it is a warning. */
  proofLimitMs: number
  schedule: Known<ScheduleStatus | 'none'>
  /** Copies that proofs left beside the databases, until what runs is accepted; newest first. */
  staged: Known<{ set: string; at: string; sizeBytes: number; databases: string[] }[]>
  unfinishedRun: Known<{ name: string; kind: RunKind; phase: Phase; parked: boolean; next?: string } | 'none'>
  /** What enforces the floor in the cluster. */
  guard: Known<GuardSummary['state']>
  guardOpening?: GuardSummary['opening']
  /** The floor in the databases: what was written, and what is wrong with what is there. Only who looks knows the latter. */
  floor?: { recorded?: RecordedFloor; faults?: FloorFault[] }
  initialised: boolean
}

/** All must say the same; a witness without an answer leaves the question open. */
export function agreedVersion(witnesses: readonly Witness[]): Known<string> {
  const said = new Set<string>()
  for (const { who, version } of witnesses) {
    if (!version.known) return { known: false, why: `${who}: ${version.why}` }
    said.add(version.value)
  }
  const [only, ...others] = said
  if (only === undefined) return { known: false, why: 'nobody says which version runs' }
  if (others.length === 0) return { known: true, value: only }
  const claims = witnesses.map(({ who, version }) => `${who} says ${version.known ? version.value : '?'}`)
  return { known: false, why: claims.join(', ') }
}

/** What the newest backup saw of a database. */
export function seenByBackup(location: DatabaseLocation, evidence: readonly DatabaseEvidence[]): Known<DatabaseSeen> {
  const last = evidence
    .filter(({ role, database }) => role === location.role && database === location.database)
    .toSorted((a, b) => (a.snapshotAt < b.snapshotAt ? 1 : -1))[0]
  if (last === undefined) return { known: false, why: 'nobody has looked at it yet' }
  const { snapshotAt: at, serverVersion, sizeBytes } = last
  return { known: true, value: { at, serverVersion, sizeBytes } }
}

/** What looking at it just now has shown, and where: what the running release is told beats what the values say. */
export function seenByLook(location: DatabaseLocation, looked: Known<readonly LookedAt[]>): DatabaseStatus {
  if (!looked.known) return { ...location, seen: looked }
  const found = looked.value.find(({ role }) => role === location.role)
  if (found === undefined) return { ...location, seen: { known: false, why: 'it was not seen' } }
  if (!found.seen.known) return { ...location, seen: found.seen }
  const { role, host, port, database } = found
  const { at, serverVersion, sizeBytes, rights } = found.seen.value
  return { role, host, port, database, seen: { known: true, value: { at, serverVersion, sizeBytes, rights } } }
}
