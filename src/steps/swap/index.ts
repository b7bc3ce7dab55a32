// Swap: the proven copies take the names of the live databases in one transaction; the broken ones are kept under a dated name.
import type { DataResults } from '../../core/data/tasks.ts'
import { setRecoveredFloor } from '../floor/write.ts'
import { databasesOfRun } from '../look.ts'
import { databaseSuffixes, runId } from '../names.ts'
import { recoveryPlanOf } from '../restore/index.ts'
import type { Step } from '../step.ts'

export const swap: Step = {
  name: 'swap',
  observe(context) {
    const result = context.memo.get('swap') as DataResults['swap'] | undefined
    if (result === undefined) return Promise.resolve({ is: 'todo' as const })
    return Promise.resolve({ is: 'done' as const, evidence: { databases: result.databases } })
  },
  async act(context, attempt) {
    const id = runId(context.run, context.release)
    const suffixes = databaseSuffixes(id)
    const result = await context.dataPlane.run(
      {
        kind: 'swap',
        databases: databasesOfRun(context).map((database) => database.target),
        newSuffix: suffixes.fresh,
        oldSuffix: suffixes.kept,
        expect: recoveryPlanOf(context).digests,
      },
      {
        id: `${id}-swap-${attempt}`,
        serverMajor: databasesOfRun(context)[0]?.serverMajor ?? 0,
        onProgress: context.report,
        signal: context.signal,
      },
    )
    await setRecoveredFloor(context)
    context.memo.set('swap', result)
  },
}
