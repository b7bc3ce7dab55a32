// Swap: the databases that stand beside take the names of the live ones in one transaction; the broken ones are kept under a dated
// name. A staged copy is compared with its set once it has the live name; what is not equal, or gone, is replaced from the store.
import { setRecoveredFloor } from '../floor/write.ts'
import { databaseSuffixes, runId } from '../names.ts'
import { besideOf } from '../restore/index.ts'
import type { Step } from '../step.ts'
import { exchangeRestored, exchangeStaged, type Exchanged } from './exchange.ts'

export const swap: Step = {
  name: 'swap',
  observe(context) {
    const result = context.memo.get('swap') as Exchanged | undefined
    if (result === undefined) return Promise.resolve({ is: 'todo' as const })
    return Promise.resolve({ is: 'done' as const, evidence: { ...result } })
  },
  async act(context, attempt) {
    const { suffix, from } = besideOf(context)
    const kept = databaseSuffixes(runId(context.run, context.release)).kept
    const result =
      from === 'staged'
        ? await exchangeStaged(context, { suffix, kept }, attempt)
        : await exchangeRestored(context, { suffix, kept }, attempt)
    await setRecoveredFloor(context)
    context.memo.set('swap', result)
  },
}
