// What a backup set remembers of the installation it was taken from, so that it can be brought back where nothing else is left.
// It lies in the set, encrypted, as `set.json`.
import { PawlError } from '../errors.ts'
import type { ReleaseImage } from '../images/wish.ts'
import { isRecord, listOf, recordOf, textOf } from '../json.ts'
import type { PlannedDatabase, ProductRelease, Writer } from '../plan/plan.ts'

export const SET_FACTS = 'set.json'

export interface SetFacts {
  version: 1
  product: ProductRelease
  /** What ran, so that recovery gives it back. */
  writers: Writer[]
  /** How the databases are reached; no secrets. */
  targets: PlannedDatabase[]
  /** Number of Helm's record in the set. */
  revision: number
  /** Images of the release, with the digests that really ran. */
  images: ReleaseImage[]
  installation: { profile: string; dataImage: string; recipients: string[]; charts?: string }
}

/** Throws `backup-damaged` where a field that is needed is missing. */
export function parseSetFacts(bytes: Uint8Array | undefined): SetFacts {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    value = undefined
  }
  const facts = recordOf(value)
  const installation = recordOf(facts['installation'])
  const known =
    facts['version'] === 1 &&
    isRecord(facts['product']) &&
    typeof facts['revision'] === 'number' &&
    listOf(facts['targets']).length > 0 &&
    textOf(installation['profile']) !== undefined
  if (known) return facts as unknown as SetFacts
  throw new PawlError({
    code: 'backup-damaged',
    message: `The set does not say where it was taken: it holds no ${SET_FACTS} that can be read.`,
    hint: 'A set of an older Pawl is restored by hand; the guide says how.',
    unchanged: 'Nothing was changed.',
  })
}
