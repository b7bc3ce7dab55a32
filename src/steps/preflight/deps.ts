// What gathering facts needs from outside, and how a failure to find out becomes a fact of its own.
import { isPawlError } from '../../core/errors.ts'
import type { JsonRecord } from '../../core/json.ts'
import { known, unknown } from '../../core/plan/facts.ts'
import type { Known } from '../../core/plan/facts.ts'
import type { Profile } from '../../core/profile/profile.ts'
import type { KnownRelease } from '../../core/releases/release.ts'
import type { Installation } from '../../core/resources.ts'
import type { ChartArchive, Charts } from '../../ports/charts.ts'
import type { Ids } from '../../ports/world.ts'
import type { StepDeps } from '../step.ts'

export interface PreflightDeps extends StepDeps {
  charts: Charts
  /** The chart's own `values.yaml`, parsed. Throws `input-invalid`. */
  chartValues(archive: ChartArchive): JsonRecord | Promise<JsonRecord>
  /** SHA-256 in hex. */
  sha256(data: string | Uint8Array): string
  ids: Ids
  /** The moment that support periods are judged by. */
  today(): Date
  installation: Installation
  profile: Profile
  /** Releases of the product by its history and by snapshots; absent where there is none. */
  knownReleases?: readonly KnownRelease[]
}

/** One file given with -f, already read. */
export interface ValuesFile {
  name: string
  content: string
}

/** The fact, or why there is none. What no command can do without (a cluster that answers) is thrown. */
export async function attempt<T>(find: () => Promise<T>): Promise<Known<T>> {
  try {
    return known(await find())
  } catch (error) {
    if (!isPawlError(error) || error.code === 'cluster-unreachable' || error.code === 'internal') throw error
    return unknown(error.message, error.code)
  }
}

/** As `attempt`, for what is worked out from another fact: its reason is passed on where it is not known. */
export async function from<A, T>(fact: Known<A>, find: (value: A) => T | Promise<T>): Promise<Known<T>> {
  return fact.known ? await attempt(async () => await find(fact.value)) : fact
}
