// The proof object: which rung a set reached, when, by what, and what was not covered. Written beside the set, never over another.
import { lowestRung } from '../../core/backup/rung.ts'
import type { Finding } from '../../core/data/housekeeping.ts'
import type { DatabaseProof, Rehearsal, Rung } from '../../core/data/tasks.ts'
import { isPawlError, PawlError } from '../../core/errors.ts'
import type { ObjectStore } from '../../ports/store.ts'
import type { DataDeps, TaskContext } from '../deps.ts'
import { toBytes } from '../manifest.ts'
import type { StoredDatabase, StoredSet } from '../stored-set.ts'
import { TOOL_VERSION } from '../version.ts'

const MAX_PROOFS = 1000

/** What comparing a restored database with the evidence of its backup can show. */
export function rungOf({ digests }: StoredDatabase): Rung {
  return digests.method === 'lines' ? 'restored+' : 'proven'
}

export interface Proof {
  /** Directory of the set in the store. */
  set: string
  manifestSha256: string
  rung: Rung
  databases: readonly DatabaseProof[]
  rehearsal?: Rehearsal
  /** That it failed, and what was found. */
  refuted?: Finding
}

/** Under the first free number; every proof that was ever made stays. Gives its name. */
export async function addProof(
  store: ObjectStore,
  proof: Proof,
  clock: DataDeps['clock'],
  signal: AbortSignal,
): Promise<string> {
  const document = toBytes({ version: 1, ...proof, at: clock.now().toISOString(), tool: { pawl: TOOL_VERSION } })
  for (let number = 1; number <= MAX_PROOFS; number++) {
    const name = `${proof.set}/proof-${number}.json`
    try {
      await store.put(name, document, signal)
      return name
    } catch (error) {
      if (!isPawlError(error, 'cluster-conflict')) throw error
    }
  }
  throw new PawlError({ code: 'store-unwritable', message: `${proof.set} has ${MAX_PROOFS} proofs already.` })
}

export async function storeProof(
  deps: DataDeps,
  context: TaskContext,
  { vault, manifest, manifestSha256 }: StoredSet,
  databases: readonly DatabaseProof[],
): Promise<{ proof: string; rung: Rung }> {
  const rung = lowestRung(databases.map((database) => database.rung))
  const proof = { set: manifest.set, manifestSha256, rung, databases } as const
  return { proof: await addProof(vault.store, proof, deps.clock, context.signal), rung }
}
