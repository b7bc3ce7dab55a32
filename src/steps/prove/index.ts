// Prove: the stored bytes are restored and compared; only then does the set count. Into a throw-away server, or, where the upgrade
// is to be recovered from by it, beside the live databases, where the copy stays.
import { isEnoughFor, standingProof } from '../../core/backup/rung.ts'
import type { Effort } from '../../core/data/effort.ts'
import { PawlError } from '../../core/errors.ts'
import type { BackupSet } from '../../core/resources.ts'
import type { DataResults } from '../../core/data/tasks.ts'
import { readSet, setName } from '../backup/index.ts'
import { freedTaskId } from '../look.ts'
import { databaseSuffixes } from '../names.ts'
import { placeOf, type CopyPlace } from '../staged/copies.ts'
import type { Step, StepContext } from '../step.ts'
import { noteProof, notingFailure } from './note.ts'

export const prove: Step = {
  name: 'prove',
  async observe(context) {
    const set = await readSet(context.cluster, context.namespace, setName(context), context.signal)
    if (set?.status === undefined) return { is: 'unknown', why: `backup set ${setName(context)} is gone` }
    if (context.spec.kind === 'backup' && !context.spec.plan.prove)
      return { is: 'done', evidence: { rung: set.status.rung, asked: 'no proof' } }
    const proof = standingProof(set.status.proofs, set.status.rung)
    // The set's own rung: a later proof may have failed.
    if (proof === undefined || !isEnoughFor(context.spec, set.status.rung)) return { is: 'todo' }
    const { staged } = set.status
    return {
      is: 'done',
      evidence: {
        set: set.name,
        rung: proof.rung,
        at: proof.at,
        notCovered: proof.notCovered,
        ...(staged === undefined ? {} : { copies: staged.copies }),
      },
    }
  },
  async act(context, attempt) {
    const set = await readSet(context.cluster, context.namespace, setName(context), context.signal)
    if (set?.status === undefined)
      throw new PawlError({ code: 'backup-not-found', message: `backup set ${setName(context)} is gone` })
    const id = await freedTaskId(context, 'prove', attempt)
    const { effort } = context.spec
    if (context.spec.kind === 'upgrade' && context.spec.plan.staged !== undefined)
      await proveBeside(context, set, id, placeOf(context), effort)
    else await proveSet(context, set, id, effort)
  },
}

/** What proving needs: less than a run, because `pawl backup prove` uses it on old sets. */
export type ProveContext = Pick<StepContext, 'cluster' | 'dataPlane' | 'clock' | 'installation' | 'report' | 'signal'>

/** Proves one set and notes the proof on it, or that it failed. Throws `proof-mismatch`, `backup-damaged`, `key-wrong`. */
export async function proveSet(
  context: ProveContext,
  set: BackupSet,
  id: string,
  how: Effort & { rung?: 'restored' } = {},
): Promise<DataResults['prove']> {
  const major = set.status?.databases[0]?.serverMajor
  const { identity } = context.installation
  return await notingFailure(context, set, id, async () => {
    const result = await context.dataPlane.run<'prove'>(
      { kind: 'prove', set: set.set, store: set.store, identity, ...how },
      {
        id,
        ...(major === undefined ? {} : { serverMajor: major }),
        onProgress: context.report,
        signal: context.signal,
      },
    )
    await noteProof(context, set, id, result)
    return result
  })
}

/** The same, beside the live databases; the copies are noted with the proof. */
async function proveBeside(
  context: ProveContext,
  set: BackupSet,
  id: string,
  place: CopyPlace,
  effort: Effort = {},
): Promise<void> {
  const { databases, serverMajor } = place
  const { identity } = context.installation
  const suffix = databaseSuffixes(set.name).staged
  await notingFailure(context, set, id, async () => {
    const result = await context.dataPlane.run<'prove-beside'>(
      { kind: 'prove-beside', databases, set: set.set, store: set.store, identity, suffix, ...effort },
      { id, serverMajor, onProgress: context.report, signal: context.signal },
    )
    await noteProof(context, set, id, result, { staged: { suffix, copies: result.copies } })
  })
}
