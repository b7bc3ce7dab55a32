// Restore: every database of the set stands beside the live one before anything is exchanged: the copy that its proof has left, where
// one is there and is still what it was, else restored from the store and compared with the backup.
import { standingProof } from '../../core/backup/rung.ts'
import { whyUnusable, type StagedCopies } from '../../core/backup/staged.ts'
import { nameBeside } from '../../core/data/copies.ts'
import type { DatabaseProof, DataResults } from '../../core/data/tasks.ts'
import { PawlError } from '../../core/errors.ts'
import { recordOf, textOf } from '../../core/json.ts'
import type { BackupSet } from '../../core/resources.ts'
import type { RecoveryPlan } from '../../core/run/run.ts'
import { readSet } from '../backup/index.ts'
import { databaseSuffixes, runId } from '../names.ts'
import { freedTaskId } from '../look.ts'
import { listCopiesOfRun, placeOf } from '../staged/copies.ts'
import type { Step, StepContext } from '../step.ts'

/** What stands beside the live databases now, and what a person is told of it. */
interface Beside {
  set: string
  /** Of the name of each beside the live one's. */
  suffix: string
  from: 'staged' | 'store'
  /** Why copies that were left are not used. */
  why?: string
  databases: Pick<DatabaseProof, 'role' | 'database' | 'tables' | 'rows' | 'digest' | 'rung' | 'notCovered'>[]
}

export const restore: Step = {
  name: 'restore',
  observe(context) {
    const result = context.memo.get('restore') as Beside | undefined
    // A finished task of the same name answers again at once, so a new owner simply asks it.
    if (result === undefined) return Promise.resolve({ is: 'todo' as const })
    return Promise.resolve({ is: 'done' as const, evidence: { ...result } })
  },
  async act(context, attempt) {
    const plan = recoveryPlanOf(context)
    const set = await setOf(context)
    const why = plan.staged === undefined ? undefined : await whyNotStaged(context, plan.staged, set)
    if (plan.staged !== undefined && why === undefined) {
      context.memo.set('restore', leftByProof(set, plan.staged))
      return
    }
    const id = await freedTaskId(context, 'restore', attempt)
    const databases = await restoreBeside(context, { set, roles: undefined, id })
    const said = why === undefined ? {} : { why }
    const beside: Beside = { set: set.set, suffix: freshSuffix(context), from: 'store', databases, ...said }
    context.memo.set('restore', beside)
  },
}

export async function setOf(context: StepContext): Promise<BackupSet> {
  const { set: name } = recoveryPlanOf(context)
  const set = await readSet(context.cluster, context.namespace, name, context.signal)
  if (set === undefined) throw new PawlError({ code: 'backup-not-found', message: `backup set ${name} is gone` })
  return set
}

async function whyNotStaged(context: StepContext, staged: StagedCopies, set: BackupSet): Promise<string | undefined> {
  const { digests } = recoveryPlanOf(context)
  const wanted = placeOf(context).databases.map(({ role, database }) => ({
    role,
    database: nameBeside(database, staged.suffix),
    digest: digests[role] ?? '',
  }))
  const why = whyUnusable(set.set, wanted, await listCopiesOfRun(context))
  if (why !== undefined) context.report({ phase: 'restore', note: `the staged copies are not used: ${why}` })
  return why
}

/** They were compared when they were made, and are compared again under the live names. */
function leftByProof(set: BackupSet, { suffix }: StagedCopies): Beside {
  const { proofs, rung: reached } = set.status ?? { proofs: [], rung: 'archived' as const }
  const { rung = 'archived', notCovered = [] } = standingProof(proofs, reached) ?? {}
  const databases = (set.status?.databases ?? []).map(({ role, database, tables, rows, digest }) => ({
    role,
    database,
    tables,
    rows,
    digest,
    rung,
    notCovered: notCovered.flatMap((what) => (what.startsWith(`${role}: `) ? [what.slice(role.length + 2)] : [])),
  }))
  return { set: set.set, suffix, from: 'staged', databases }
}

interface RestoreRequest {
  set: BackupSet
  /** Only these; all where absent. */
  roles: readonly string[] | undefined
  /** Of the task. */
  id: string
}

/** From the store, into databases of this recovery's own beside the live ones. Throws `proof-mismatch` and what `restore` throws. */
export async function restoreBeside(
  context: StepContext,
  { set, roles, id }: RestoreRequest,
): Promise<Beside['databases']> {
  const { databases, serverMajor } = placeOf(context)
  const result: DataResults['restore'] = await context.dataPlane.run(
    {
      kind: 'restore',
      databases: databases.filter(({ role }) => roles === undefined || roles.includes(role)),
      set: set.set,
      store: set.store,
      identity: context.installation.identity,
      suffix: freshSuffix(context),
      ...context.spec.effort,
    },
    { id, serverMajor, onProgress: context.report, signal: context.signal },
  )
  const { digests } = recoveryPlanOf(context)
  for (const database of result.databases) {
    const expected = digests[database.role]
    if (expected !== database.digest) {
      throw new PawlError({
        code: 'proof-mismatch',
        message: `database ${database.role} came back with digest ${database.digest}, the backup has ${expected ?? 'none'}`,
        unchanged: 'The live database was not touched.',
      })
    }
  }
  return result.databases.map(({ role, database, tables, rows, digest, rung, notCovered }) => ({
    role,
    database,
    tables,
    rows,
    digest,
    rung,
    notCovered,
  }))
}

function freshSuffix(context: StepContext): string {
  return databaseSuffixes(runId(context.run, context.release)).fresh
}

/** What the journal says of the databases that wait for the live names. */
export function besideOf(context: StepContext): Pick<Beside, 'suffix' | 'from'> {
  const evidence = recordOf(context.state.steps.restore?.evidence)
  const suffix = textOf(evidence['suffix'])
  if (suffix === undefined)
    throw new PawlError({ code: 'internal', message: 'the journal does not say what was restored' })
  return { suffix, from: evidence['from'] === 'staged' ? 'staged' : 'store' }
}

export function recoveryPlanOf(context: StepContext): RecoveryPlan {
  if (context.spec.kind === 'recovery') return context.spec.plan
  throw new PawlError({ code: 'internal', message: `a ${context.spec.kind} run does not restore` })
}
