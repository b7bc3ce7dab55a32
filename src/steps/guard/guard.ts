// Reading and changing the guard of a release: compare and swap, and never by who lost the release to somebody else.
import { isPawlError, PawlError } from '../../core/errors.ts'
import { guardObject, parseGuard, type ReleaseGuard } from '../../core/guard/guard.ts'
import { canonicalJson } from '../../core/json.ts'
import { API_VERSION } from '../../core/resources.ts'
import type { Cluster, KubeObject } from '../../ports/cluster.ts'
import type { StepContext } from '../step.ts'

export interface GuardPlace {
  cluster: Cluster
  namespace: string
  release: string
}

/** Undefined where the release has no guard: then everything is as if there were none. */
export async function readGuard(place: GuardPlace, signal?: AbortSignal): Promise<ReleaseGuard | undefined> {
  const { cluster, namespace, release } = place
  const object = await cluster.get({ apiVersion: API_VERSION, kind: 'ReleaseGuard', namespace, name: release }, signal)
  return object === undefined ? undefined : parseGuard(object)
}

const TRIES = 8

/** Gives the guard as it is afterwards. Nothing is written where `change` changes nothing. */
export async function changeGuard(
  place: GuardPlace,
  change: (guard: ReleaseGuard) => ReleaseGuard,
  signal?: AbortSignal,
): Promise<ReleaseGuard | undefined> {
  for (let tried = 1; ; tried += 1) {
    const guard = await readGuard(place, signal)
    if (guard === undefined) return undefined
    const wanted = change(guard)
    if (canonicalJson(guardObject(wanted)) === canonicalJson(guardObject(guard))) return guard
    try {
      const stored = parseGuard(await place.cluster.replace(guardObject(wanted) as KubeObject, {}, signal))
      return wholly(stored, wanted)
    } catch (error) {
      if (!isPawlError(error, 'cluster-conflict') || tried >= TRIES) throw error
    }
  }
}

/** An API server drops what the resource's definition does not know: a guard that is not what was written protects less than is thought. */
function wholly(stored: ReleaseGuard, wanted: ReleaseGuard): ReleaseGuard {
  const specOf = (guard: ReleaseGuard): string => canonicalJson(guardObject(guard)['spec'])
  if (specOf(stored) === specOf(wanted)) return stored
  const { release, namespace } = stored
  throw new PawlError({
    code: 'guard-unproven',
    message: 'the API server keeps less of the guard than was written: its resource definition is of an older Pawl',
    facts: { release, namespace },
  })
}

/** The same for a run that owns the release; its fencing number stays on the guard, and an older one is refused there. */
export async function changeGuardOfRun(
  context: StepContext,
  change: (guard: ReleaseGuard) => ReleaseGuard,
): Promise<ReleaseGuard | undefined> {
  if ((await readGuard(context, context.signal)) === undefined) return undefined
  await context.stillOwner()
  return await changeGuard(
    context,
    (guard) => {
      if (guard.fence > context.fence) {
        const { release, namespace } = context
        throw new PawlError({
          code: 'fence-lost',
          message: `the guard was written by a later owner (${guard.fence}, this one is ${context.fence})`,
          facts: { release, namespace },
        })
      }
      return { ...change(guard), fence: context.fence }
    },
    context.signal,
  )
}
