// A write that the guard was just changed for: it is made again until the policies have seen the change.
import { isPawlError } from '../../core/errors.ts'
import { FLOOR_POLICY } from '../../core/guard/policies.ts'
import { ruleIn } from '../../core/guard/probe.ts'
import type { StepContext } from '../step.ts'

/** It takes about a second; an API server under load has been given more. */
const PATIENCE_MS = 30_000
const BETWEEN_MS = 200

/** Throws the refusal itself where it stays, and everything else at once. */
export async function untilAdmitted<T>(
  { clock, signal }: Pick<StepContext, 'clock' | 'signal'>,
  write: () => Promise<T>,
): Promise<T> {
  const until = clock.now().getTime() + PATIENCE_MS
  for (;;) {
    try {
      return await write()
    } catch (error) {
      const keptStopped = isPawlError(error, 'cluster-refused') && ruleIn(error.message, FLOOR_POLICY) === 'quiesced'
      if (!keptStopped || clock.now().getTime() >= until) throw error
    }
    await clock.sleep(BETWEEN_MS, signal)
  }
}
