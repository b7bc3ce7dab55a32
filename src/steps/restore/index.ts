// Restore: every database of the set comes back beside the live one and is compared with the backup before anything is swapped.
import { PawlError } from '../../core/errors.ts'
import type { RecoveryPlan } from '../../core/run/run.ts'
import { readSet } from '../backup/index.ts'
import { databasesOfRun } from '../look.ts'
import { databaseSuffixes, runId } from '../names.ts'
import type { Step, StepContext } from '../step.ts'
import type { DataResults } from '../../core/data/tasks.ts'

export const restore: Step = {
  name: 'restore',
  observe(context) {
    const result = context.memo.get('restore') as DataResults['restore'] | undefined
    // A finished task of the same name answers again at once, so a new owner simply asks it.
    if (result === undefined) return Promise.resolve({ is: 'todo' as const })
    const databases = result.databases.map(({ role, database, tables, rows, digest, notCovered }) => ({
      role,
      database,
      tables,
      rows,
      digest,
      notCovered,
    }))
    return Promise.resolve({ is: 'done' as const, evidence: { set: result.set, databases } })
  },
  async act(context, attempt) {
    const plan = recoveryPlanOf(context)
    const set = await readSet(context.cluster, context.namespace, plan.set, context.signal)
    if (set === undefined) throw new PawlError({ code: 'backup-not-found', message: `backup set ${plan.set} is gone` })
    const id = runId(context.run, context.release)
    if (attempt > 1) await context.dataPlane.discard(`${id}-restore-${attempt - 1}`, context.signal)
    const result = await context.dataPlane.run(
      {
        kind: 'restore',
        databases: databasesOfRun(context).map((database) => database.target),
        set: set.set,
        store: set.store,
        identity: context.installation.identity,
        suffix: databaseSuffixes(id).fresh,
        ...context.spec.effort,
      },
      {
        id: `${id}-restore-${attempt}`,
        serverMajor: databasesOfRun(context)[0]?.serverMajor ?? 0,
        onProgress: context.report,
        signal: context.signal,
      },
    )
    for (const database of result.databases) {
      const expected = plan.digests[database.role]
      if (expected !== database.digest) {
        throw new PawlError({
          code: 'proof-mismatch',
          message: `database ${database.role} came back with digest ${database.digest}, the backup has ${expected ?? 'none'}`,
          unchanged: 'The live database was not touched.',
        })
      }
    }
    context.memo.set('restore', result)
  },
}

export function recoveryPlanOf(context: StepContext): RecoveryPlan {
  if (context.spec.kind === 'recovery') return context.spec.plan
  throw new PawlError({ code: 'internal', message: `a ${context.spec.kind} run does not restore` })
}
