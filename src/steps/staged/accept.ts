// Accepting what runs: the copies that proofs of this release have left beside its databases are dropped. What else of ours stands
// there is named.
import { nameBeside, type CopyResults, type FoundCopy } from '../../core/data/copies.ts'
import type { Installation } from '../../core/resources.ts'
import type { Cluster } from '../../ports/cluster.ts'
import type { Clock, Ids } from '../../ports/world.ts'
import { databaseSuffixes, setDirectory } from '../names.ts'
import { readBackupSets, type Finished } from '../preflight/kept.ts'
import type { StepContext } from '../step.ts'
import { dropCopies, forgetCopies, listCopies, type CopyPlace } from './copies.ts'

export interface AcceptDeps extends Pick<StepContext, 'dataPlane' | 'report' | 'signal'> {
  cluster: Cluster
  clock: Clock
  ids: Ids
  installation: Installation
}

export interface Standing {
  /** Copies of sets of this release, by the name of the set: what accepting drops. */
  copies: Record<string, FoundCopy[]>
  /** Kept by recoveries, left by restores, or not understood: never dropped from here. */
  others: FoundCopy[]
  place: CopyPlace | undefined
  /** Sets that are noted to have copies. */
  noted: string[]
}

function placeOfSet({ status }: Finished): CopyPlace {
  return { databases: status.targets.map(({ target }) => target), serverMajor: status.databases[0]?.serverMajor ?? 0 }
}

/** The set of this release that a database is the copy of, by its mark and its name alike. */
function setOfCopy(copy: FoundCopy, place: CopyPlace, { namespace, release }: Installation): string | undefined {
  const prefix = setDirectory(namespace, release, '')
  if (copy.state === 'kept' || copy.set?.startsWith(prefix) !== true) return undefined
  const name = copy.set.slice(prefix.length)
  const live = place.databases.find(({ role }) => role === copy.role)?.database
  return live !== undefined && copy.database === nameBeside(live, databaseSuffixes(name).staged) ? name : undefined
}

/** Looks on the server as well as in the cluster; changes nothing. Throws `database-unreachable`. */
export async function findStanding(deps: AcceptDeps): Promise<Standing> {
  const { cluster, clock, ids, installation, signal } = deps
  const sets = await readBackupSets(cluster, installation.namespace, installation.release, signal)
  const noted = sets.filter(({ status }) => status.staged !== undefined)
  const newest = noted[0] ?? sets[0]
  const standing: Standing = { copies: {}, others: [], place: undefined, noted: noted.map(({ name }) => name) }
  if (newest === undefined) return standing
  const place = placeOfSet(newest)
  for (const copy of await listCopies(deps, place, `${ids.next(clock.now())}-copies`)) {
    const set = setOfCopy(copy, place, installation)
    if (set === undefined) standing.others.push(copy)
    else standing.copies[set] = [...(standing.copies[set] ?? []), copy]
  }
  return { ...standing, place }
}

/** Under the release's ownership, with no run unfinished. Done again after a crash it goes on where it was. */
export async function dropStanding(deps: AcceptDeps, standing: Standing): Promise<CopyResults['drop-copies']> {
  const { cluster, clock, ids, installation, signal } = deps
  const { namespace, release } = installation
  const all: CopyResults['drop-copies'] = { dropped: [], left: [] }
  const { place, copies, noted } = standing
  if (place === undefined) return all
  for (const name of new Set([...Object.keys(copies), ...noted])) {
    const set = { name, set: setDirectory(namespace, release, name) }
    const { dropped, left } = await dropCopies(deps, place, set, `${ids.next(clock.now())}-accept`)
    all.dropped.push(...dropped)
    all.left.push(...left)
    await forgetCopies(cluster, namespace, name, signal)
  }
  return all
}
