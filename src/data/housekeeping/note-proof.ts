// Writes down beside a set that a recovery to it was carried through. What the recovery found is told; what is noted of the set itself is
// read here.
import type { DatabaseProof, ResultOf, TaskOf } from '../../core/data/tasks.ts'
import { PawlError } from '../../core/errors.ts'
import type { DataDeps, TaskContext } from '../deps.ts'
import { addProof } from '../prove/proof.ts'
import { readSet } from './inspect.ts'

/** Idempotent: a run is noted once. Throws `backup-damaged` where the set is not the one that was restored, and the store's errors. */
export async function runNoteProof(
  { store: spec, set, note }: TaskOf<'note-proof'>,
  deps: DataDeps,
  context: TaskContext,
): Promise<ResultOf<'note-proof'>> {
  const store = await deps.openStore(spec)
  const { manifest, manifestSha256, proofs } = await readSet(store, set, context.signal)
  if (manifestSha256 !== note.manifestSha256) throw another(set, 'it has another manifest')
  const databases = manifest.databases.map((evidence): DatabaseProof => {
    const found = note.databases.find(({ role }) => role === evidence.role)
    if (found === undefined) throw another(set, `it has a database "${evidence.role}"`)
    const { rung, notCovered } = found
    return { ...evidence, rung: rung === 'proven' ? 'rehearsed' : rung, notCovered }
  })
  // A source that was only counted is not made any surer by a recovery.
  const rung = databases.every((database) => database.rung === 'rehearsed') ? 'rehearsed' : 'restored+'
  const { rehearsal } = note
  const known = proofs.find((proof) => proof.rehearsal?.run === rehearsal.run)
  const proof = { set, manifestSha256, rung, databases, rehearsal } as const
  const name = known === undefined ? await addProof(store, proof, deps.clock, context.signal) : `${set}/${known.name}`
  return { manifestSha256, rung, databases, proof: name }
}

function another(set: string, why: string): PawlError {
  return new PawlError({
    code: 'backup-damaged',
    message: `${set} is not the set that was restored: ${why}.`,
    facts: { set },
    unchanged: 'Nothing was noted.',
  })
}
