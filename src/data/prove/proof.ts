// The proof object: which rung a set reached, when, by what, and what was not covered. Written beside the set, never over another.
import type { DatabaseProof, Rung } from '../../core/data/tasks.ts'
import { isPawlError, PawlError } from '../../core/errors.ts'
import type { DataDeps, TaskContext } from '../deps.ts'
import { toBytes } from '../manifest.ts'
import type { StoredDatabase, StoredSet } from '../stored-set.ts'
import { TOOL_VERSION } from '../version.ts'

const MAX_PROOFS = 1000

/** What comparing a restored database with the evidence of its backup can show. */
export function rungOf({ digests }: StoredDatabase): Rung {
  return digests.method === 'lines' ? 'restored+' : 'proven'
}

/** Writes the proof under the first free number; every proof that was ever made stays. */
export async function storeProof(
  deps: DataDeps,
  context: TaskContext,
  set: StoredSet,
  databases: readonly DatabaseProof[],
): Promise<{ proof: string; rung: Rung }> {
  const rung = databases.every((database) => database.rung === 'proven') ? 'proven' : 'restored+'
  const document = {
    version: 1,
    set: set.manifest.set,
    manifestSha256: set.manifestSha256,
    rung,
    at: deps.clock.now().toISOString(),
    tool: { pawl: TOOL_VERSION },
    databases,
  }
  for (let number = 1; number <= MAX_PROOFS; number++) {
    const name = `${set.manifest.set}/proof-${number}.json`
    try {
      await set.vault.store.put(name, toBytes(document), context.signal)
      return { proof: name, rung }
    } catch (error) {
      if (!isPawlError(error, 'cluster-conflict')) throw error
    }
  }
  throw new PawlError({ code: 'store-unwritable', message: `${set.manifest.set} has ${MAX_PROOFS} proofs already.` })
}
