// Writes down beside a set what was found of it elsewhere: that a recovery to it was carried through, or that a proof failed. What is noted
// of the set itself is read here.
import { lowestRung, standingRefutation } from '../../core/backup/rung.ts'
import type { ProofNote } from '../../core/data/housekeeping.ts'
import type { DatabaseProof, ResultOf, TaskOf } from '../../core/data/tasks.ts'
import { PawlError } from '../../core/errors.ts'
import type { DataDeps, TaskContext } from '../deps.ts'
import { addProof, type Proof } from '../prove/proof.ts'
import { readSet, type ReadSet } from './inspect.ts'

/**
 * Idempotent: a run is noted once, and that a proof failed once as long as none that compares the rows has succeeded since. Throws
 * `backup-damaged` where the set is not the one that was restored, and the store's errors.
 */
export async function runNoteProof(
  { store: spec, set, note }: TaskOf<'note-proof'>,
  deps: DataDeps,
  context: TaskContext,
): Promise<ResultOf<'note-proof'>> {
  const store = await deps.openStore(spec)
  const read = await readSet(store, set, context.signal)
  const { proof, known } = note.found === 'rehearsed' ? rehearsed(read, note) : refuted(read, note)
  const { manifestSha256, rung, databases } = proof
  const name = known === undefined ? await addProof(store, proof, deps.clock, context.signal) : `${set}/${known}`
  return { manifestSha256, rung, databases: [...databases], proof: name }
}

interface Noting {
  proof: Proof
  /** Name of the one that says so already. */
  known: string | undefined
}

function rehearsed(
  { manifest, manifestSha256, proofs }: ReadSet,
  note: Extract<ProofNote, { found: 'rehearsed' }>,
): Noting {
  const { set } = manifest
  if (manifestSha256 !== note.manifestSha256) throw another(set, 'it has another manifest')
  const databases = manifest.databases.map((evidence): DatabaseProof => {
    const found = note.databases.find(({ role }) => role === evidence.role)
    if (found === undefined) throw another(set, `it has a database "${evidence.role}"`)
    const { rung, notCovered } = found
    return { ...evidence, rung: rung === 'proven' ? 'rehearsed' : rung, notCovered }
  })
  // A source that was only counted is not made any surer by a recovery.
  const rung = lowestRung(databases.map((database) => database.rung))
  const { rehearsal } = note
  const known = proofs.find((proof) => proof.rehearsal?.run === rehearsal.run)?.name
  return { proof: { set, manifestSha256, rung, databases, rehearsal }, known }
}

/** About whatever is stored now: that is what others find. */
function refuted(
  { manifest, manifestSha256, proofs }: ReadSet,
  { finding }: Extract<ProofNote, { found: 'refuted' }>,
): Noting {
  return {
    proof: { set: manifest.set, manifestSha256, rung: 'archived', databases: [], refuted: finding },
    known: standingRefutation(proofs)?.name,
  }
}

function another(set: string, why: string): PawlError {
  return new PawlError({
    code: 'backup-damaged',
    message: `${set} is not the set that was restored: ${why}.`,
    facts: { set },
    unchanged: 'Nothing was noted.',
  })
}
