// What a proof has found is noted on the set: that it was proven, or that what it was proven to be is not so any more.
import { countsAsCompared, higherRung } from '../../core/backup/rung.ts'
import type { StagedCopies } from '../../core/backup/staged.ts'
import type { Finding } from '../../core/data/housekeeping.ts'
import type { DataResults, Rehearsal } from '../../core/data/tasks.ts'
import { isPawlError, PawlError, reportOf } from '../../core/errors.ts'
import { textOf } from '../../core/json.ts'
import { backupSetObject, type BackupSet } from '../../core/resources.ts'
import { readSet } from '../backup/index.ts'
import type { StepContext } from '../step.ts'

export type NoteContext = Pick<StepContext, 'cluster' | 'clock' | 'report' | 'signal'>

type Proven = Pick<DataResults['prove'], 'manifestSha256' | 'rung' | 'databases'>

/** A refutation ends with the next proof that compares the rows and succeeds; what was shown before it has to be shown again. */
export async function noteProof(
  context: NoteContext,
  set: BackupSet,
  id: string,
  result: Proven,
  more: { staged?: Omit<StagedCopies, 'at'>; rehearsal?: Rehearsal } = {},
): Promise<void> {
  const { status } = set
  if (status === undefined)
    throw new PawlError({ code: 'backup-not-found', message: `backup set ${set.name} was never finished` })
  if (result.manifestSha256 !== status.manifestSha256) {
    throw new PawlError({
      code: 'backup-damaged',
      message: `the store holds another manifest for set ${set.name}: expected ${status.manifestSha256}, got ${result.manifestSha256}`,
    })
  }
  const notCovered = result.databases.flatMap((database) =>
    database.notCovered.map((what) => `${database.role}: ${what}`),
  )
  const at = context.clock.now().toISOString()
  const { staged, rehearsal } = more
  const proof = { at, rung: result.rung, by: id, notCovered, ...(rehearsal === undefined ? {} : { rehearsal }) }
  const fresh = (await readSet(context.cluster, set.namespace, set.name, context.signal)) ?? set
  const { refuted, ...known } = fresh.status ?? status
  if (rehearsal !== undefined && known.proofs.some((one) => one.rehearsal?.run === rehearsal.run)) return
  const stands = refuted !== undefined && !countsAsCompared(result.rung)
  const answered = refuted === undefined ? higherRung(known.rung, result.rung) : result.rung
  await context.cluster.replace(
    backupSetObject({
      ...fresh,
      status: {
        ...known,
        ...(stands ? { refuted } : {}),
        rung: stands ? 'archived' : answered,
        proofs: [...known.proofs, proof],
        ...(staged === undefined ? {} : { staged: { ...staged, at } }),
      },
    }),
    { subresource: 'status' },
    context.signal,
  )
  if (stands) {
    const note = `${set.name} still does not count: a proof of it failed at ${refuted.at}, and only one that compares the rows answers that`
    context.report({ phase: 'note', note })
  }
}

/**
 * Gives what `work` gives. Where it finds that the stored bytes are not what they should be, the set counts no longer; that is what is
 * thrown, whatever becomes of noting it.
 */
export async function notingFailure<T>(
  context: RefuteContext,
  set: BackupSet,
  id: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    // Nothing else says something about the set: a key, a server or a network that is missing does not.
    if (isPawlError(error, 'proof-mismatch') || isPawlError(error, 'backup-damaged')) {
      const found = { why: error.message, finding: findingOf(error, id) }
      await noteRefuted(context, set, `${id}-note`, found).catch((failure: unknown) => {
        const { message } = reportOf(failure)
        context.report({
          phase: 'note',
          note: `that the proof of ${set.name} failed may not be noted on it: ${message}`,
        })
      })
    }
    throw error
  }
}

/** Not the message: that may quote what pg_restore or the server said, and a row with it. */
function findingOf({ code, facts }: PawlError, by: string): Finding {
  const [role, table] = [textOf(facts['role']), textOf(facts['table'])]
  return {
    code: code === 'backup-damaged' ? code : 'proof-mismatch',
    by,
    ...(role === undefined ? {} : { role }),
    ...(table === undefined ? {} : { table }),
  }
}

export type RefuteContext = NoteContext & Pick<StepContext, 'dataPlane'>

interface Refuted {
  /** In words, for this cluster. */
  why: string
  /** For whoever reads the store. */
  finding: Finding
}

/**
 * The proofs that it had stay noted; none of them is believed until another one succeeds, here or in any other cluster that reads the
 * store. `id` is that of the task.
 */
export async function noteRefuted(
  context: RefuteContext,
  set: BackupSet,
  id: string,
  { why, finding }: Refuted,
): Promise<void> {
  try {
    const fresh = (await readSet(context.cluster, set.namespace, set.name, context.signal)) ?? set
    if (fresh.status !== undefined) {
      const refuted = { at: context.clock.now().toISOString(), why, by: finding.by }
      await context.cluster.replace(
        backupSetObject({ ...fresh, status: { ...fresh.status, rung: 'archived', refuted } }),
        { subresource: 'status' },
        context.signal,
      )
    }
  } finally {
    // Recoveries and removals look there as well.
    await noteInStore(context, set, id, finding)
  }
}

/** What was found is told to whoever waits for it in any case. */
async function noteInStore(
  { dataPlane, report, signal }: RefuteContext,
  { set, store }: BackupSet,
  id: string,
  finding: Finding,
): Promise<void> {
  try {
    await dataPlane.run<'note-proof'>(
      { kind: 'note-proof', store, set, note: { found: 'refuted', finding } },
      { id, onProgress: report, signal },
    )
  } catch (error) {
    if (!isPawlError(error)) throw error
    report({ phase: 'note', note: `the store does not know that the proof failed: ${error.message}` })
  } finally {
    await dataPlane.discard(id).catch((error: unknown) => {
      if (!isPawlError(error)) throw error
      report({ phase: 'note', note: `what ${id} left behind is still there: ${error.message}` })
    })
  }
}
