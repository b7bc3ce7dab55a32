// What is said of an installation: what runs by every witness, how long it is supported, its last proof. Unknown stays unknown.
import type { Rung } from '../data/tasks.ts'
import type { Day } from '../lifecycle/dates.ts'
import type { Support } from '../lifecycle/lifecycle.ts'
import type { Known } from '../plan/facts.ts'
import type { DatabaseLocation } from '../profile/databases.ts'
import type { Phase, RunKind } from '../run/run.ts'

/** One witness to the version that runs. */
export interface Witness {
  /** For example `Helm record, revision 7`. */
  who: string
  version: Known<string>
}

export interface Status {
  release: string
  namespace: string
  profile: string
  title: string
  today: Day
  chart: { name: string; version: string }
  helm: { revision: number; status: string; at?: string }
  /** The version all witnesses agree on; unknown where they do not, or where one has nothing to say. */
  running: Known<string>
  witnesses: Witness[]
  /** How far pods of the release are ready. */
  pods: Known<{ ready: number; total: number }>
  support: Support
  /** The newest finished release the chart source has. */
  newest: Known<string>
  databases: Known<DatabaseLocation[]>
  lastProof: Known<{ set: string; at: string; rung: Rung; version: string } | 'none'>
  unfinishedRun: Known<{ name: string; kind: RunKind; phase: Phase; parked: boolean; next?: string } | 'none'>
  /** What enforces the floor in the cluster. */
  guard: Known<'not installed' | 'installed'>
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
