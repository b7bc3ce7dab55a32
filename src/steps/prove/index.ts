// Prove: the stored bytes are restored into a throw-away server and compared; only then does the set count.
import type { Effort } from '../../core/data/effort.ts'
import { PawlError } from '../../core/errors.ts'
import { backupSetObject, type BackupSet } from '../../core/resources.ts'
import type { DataResults } from '../../core/data/tasks.ts'
import { readSet, setName } from '../backup/index.ts'
import { runId } from '../names.ts'
import type { Step, StepContext } from '../step.ts'

export const prove: Step = {
  name: 'prove',
  async observe(context) {
    const set = await readSet(context.cluster, context.namespace, setName(context), context.signal)
    if (set?.status === undefined) return { is: 'unknown', why: `backup set ${setName(context)} is gone` }
    if (context.spec.kind === 'backup' && !context.spec.plan.prove)
      return { is: 'done', evidence: { rung: set.status.rung, asked: 'no proof' } }
    const proof = set.status.proofs.at(-1)
    if (proof === undefined || (proof.rung !== 'proven' && proof.rung !== 'rehearsed')) return { is: 'todo' }
    return { is: 'done', evidence: { set: set.name, rung: proof.rung, at: proof.at, notCovered: proof.notCovered } }
  },
  async act(context, attempt) {
    const set = await readSet(context.cluster, context.namespace, setName(context), context.signal)
    if (set?.status === undefined)
      throw new PawlError({ code: 'backup-not-found', message: `backup set ${setName(context)} is gone` })
    await proveSet(context, set, `${runId(context.run, context.release)}-prove-${attempt}`, context.spec.effort)
  },
}

/** What proving needs: less than a run, because `pawl backup prove` uses it on old sets. */
export type ProveContext = Pick<StepContext, 'cluster' | 'dataPlane' | 'clock' | 'installation' | 'report' | 'signal'>

/** Proves one set and notes the proof on it. Throws `proof-mismatch`, `backup-damaged`, `key-wrong`. */
export async function proveSet(
  context: ProveContext,
  set: BackupSet,
  id: string,
  effort: Effort = {},
): Promise<DataResults['prove']> {
  const { status } = set
  if (status === undefined)
    throw new PawlError({ code: 'backup-not-found', message: `backup set ${set.name} was never finished` })
  const major = status.databases[0]?.serverMajor
  const result = await context.dataPlane.run(
    { kind: 'prove', set: set.set, store: set.store, identity: context.installation.identity, ...effort },
    { id, ...(major === undefined ? {} : { serverMajor: major }), onProgress: context.report, signal: context.signal },
  )
  if (result.manifestSha256 !== status.manifestSha256) {
    throw new PawlError({
      code: 'backup-damaged',
      message: `the store holds another manifest for set ${set.name}: expected ${status.manifestSha256}, got ${result.manifestSha256}`,
    })
  }
  const notCovered = result.databases.flatMap((database) =>
    database.notCovered.map((what) => `${database.role}: ${what}`),
  )
  const proof = { at: context.clock.now().toISOString(), rung: result.rung, by: id, notCovered }
  const fresh = (await readSet(context.cluster, set.namespace, set.name, context.signal)) ?? set
  const known = fresh.status ?? status
  await context.cluster.replace(
    backupSetObject({ ...fresh, status: { ...known, rung: result.rung, proofs: [...known.proofs, proof] } }),
    { subresource: 'status' },
    context.signal,
  )
  return result
}
