// Writing into a namespace that was deleted and made anew: for a while it is still bound to the guard that went with the old one.
import { isPawlError, PawlError } from '../../core/errors.ts'
import { writeAgain } from '../write-again.ts'
import type { StandUpDeps } from './stand-up.ts'

/** Kubernetes collects bindings some time after the namespace that owned them. */
const PATIENCE_MS = 120_000
const BETWEEN_MS = 2_000

/** Its words where a binding finds no guard (k8s.io/apiserver/pkg/admission/plugin/policy/generic/policy_dispatcher.go). */
const NO_GUARD = /no params found for policy binding/

function isBound(error: unknown): error is PawlError {
  return isPawlError(error, 'cluster-refused') && NO_GUARD.test(error.message)
}

/** The write, made again as long as only the guard of a namespace that is gone refuses it. */
export async function untilUnbound<T>(
  deps: Pick<StandUpDeps, 'clock' | 'signal' | 'report' | 'namespace' | 'release'>,
  write: () => Promise<T>,
): Promise<T> {
  const { namespace, release } = deps
  const note = `Kubernetes to collect what bound the guard to the namespace ${namespace} that was deleted`
  const waiting = (): void => deps.report({ phase: 'wait', note })
  try {
    return await writeAgain(deps, { forMs: PATIENCE_MS, everyMs: BETWEEN_MS, passes: isBound, waiting }, write)
  } catch (error) {
    throw isBound(error) ? stillBound(namespace, release, error) : error
  }
}

function stillBound(namespace: string, release: string, cause: PawlError): PawlError {
  return new PawlError({
    code: 'cluster-refused',
    message: `namespace ${namespace} is bound to Pawl's guard and has none, so that nothing may be started in it: ${cause.message}`,
    unchanged: 'No data was restored yet.',
    hint: 'Bindings of a namespace that was deleted go by themselves within minutes: then type the same command again. Where the chart of Pawl lists {namespace} in its value "namespaces", take it out until {release} is back.',
    facts: { namespace, release },
    cause,
  })
}
