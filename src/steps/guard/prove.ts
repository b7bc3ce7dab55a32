// Asks the guard: dry-run writes that must pass and that must be refused, several times, because there may be several API servers.
import { isPawlError, PawlError } from '../../core/errors.ts'
import type { ReleaseGuard, Ticket } from '../../core/guard/guard.ts'
import { mustFail, mustPass, ruleIn, type Probe } from '../../core/guard/probe.ts'
import type { KubeObject } from '../../ports/cluster.ts'
import type { Clock } from '../../ports/world.ts'
import type { GuardPlace } from './guard.ts'
import { stampOf } from './stamp.ts'

/** Answers in a row that must be right. */
const ROUNDS = 3
/**
 * What was just written takes about a second to reach the policies. An API server that has just started does not know our kinds
 * yet, refuses everything meanwhile, and looks for new kinds every 30 s (seen on 1.37).
 */
const PATIENCE_MS = 90_000
const BETWEEN_MS = 200

export interface ProbeAnswer {
  what: string
  right: boolean
  /** What came instead. */
  instead?: string
}

/** One question; nothing is written whatever the answer. */
export async function ask({ cluster }: GuardPlace, probe: Probe, signal?: AbortSignal): Promise<ProbeAnswer> {
  const { what, refusedBy } = probe
  try {
    await cluster.create(probe.object as KubeObject, { dryRun: true }, signal)
  } catch (error) {
    // Admission comes before the look whether the name is taken, and after the one at the rights of who asks.
    if (!isPawlError(error, 'cluster-refused') && !isPawlError(error, 'input-invalid')) throw error
    if (error.facts['right'] !== undefined) throw error
    if (refusedBy !== undefined && ruleIn(error.message) === refusedBy) return { what, right: true }
    return { what, right: false, instead: error.message }
  }
  if (refusedBy === undefined) return { what, right: true }
  return { what, right: false, instead: 'it would have been admitted' }
}

/** All questions once. */
export async function probeGuard(
  place: GuardPlace,
  guard: ReleaseGuard,
  ticket?: Ticket,
  signal?: AbortSignal,
): Promise<ProbeAnswer[]> {
  const { now } = await stampOf(place.cluster, place.namespace, signal)
  const answers: ProbeAnswer[] = []
  for (const probe of [...mustFail(guard, now), ...(ticket === undefined ? [] : mustPass(guard, ticket))])
    answers.push(await ask(place, probe, signal))
  return answers
}

/** Returns when the guard has answered rightly several times in a row; throws `guard-unproven` where it does not get there. */
export async function proveGuard(
  place: GuardPlace & { clock: Clock },
  guard: ReleaseGuard,
  ticket?: Ticket,
  signal?: AbortSignal,
): Promise<void> {
  const { clock, release, namespace } = place
  const until = clock.now().getTime() + PATIENCE_MS
  for (let inARow = 0; inARow < ROUNDS;) {
    const wrong = (await probeGuard(place, guard, ticket, signal)).find(({ right }) => !right)
    inARow = wrong === undefined ? inARow + 1 : 0
    if (wrong !== undefined && clock.now().getTime() > until) {
      throw new PawlError({
        code: 'guard-unproven',
        message: `the guard does not hold: ${wrong.what}: ${wrong.instead ?? 'no answer'}`,
        facts: { release, namespace, probe: wrong.what },
      })
    }
    if (inARow < ROUNDS) await clock.sleep(BETWEEN_MS, signal)
  }
}
