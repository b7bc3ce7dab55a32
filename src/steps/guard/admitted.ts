// A write that the guard was just changed for: it is made again until the policies have seen the change.
import { isPawlError } from '../../core/errors.ts'
import { FLOOR_POLICY } from '../../core/guard/policies.ts'
import { ruleIn } from '../../core/guard/probe.ts'
import type { StepContext } from '../step.ts'
import { writeAgain } from '../write-again.ts'

/** It takes about a second; an API server under load has been given more. */
const PATIENCE_MS = 30_000
const BETWEEN_MS = 200

function keptStopped(error: unknown): boolean {
  return isPawlError(error, 'cluster-refused') && ruleIn(error.message, FLOOR_POLICY) === 'quiesced'
}

/** Throws the refusal itself where it stays, and everything else at once. */
export async function untilAdmitted<T>(
  context: Pick<StepContext, 'clock' | 'signal'>,
  write: () => Promise<T>,
): Promise<T> {
  return await writeAgain(context, { forMs: PATIENCE_MS, everyMs: BETWEEN_MS, passes: keptStopped }, write)
}
