// Putting the guard in and taking it out: idempotent, in an order in which nothing is refused that is not meant to be.
import { valueAt } from '../../core/json.ts'
import { isPawlError } from '../../core/errors.ts'
import { KEPT_BINDING, namespaceBindings } from '../../core/guard/bindings.ts'
import { floorsOf, raised } from '../../core/guard/floors.ts'
import { guardObject, newGuard, without, type Enforcement, type ReleaseGuard } from '../../core/guard/guard.ts'
import { POLICIES, VERSION_LABEL } from '../../core/guard/policies.ts'
import { partOf } from '../../core/guard/same.ts'
import { objectsOf } from '../../core/rendered/objects.ts'
import { API_VERSION, type ResourceObject } from '../../core/resources.ts'
import type { Cluster, KubeObject } from '../../ports/cluster.ts'
import type { ReleaseRecord } from '../../ports/helm.ts'
import { changeGuard, readGuard, type GuardPlace } from './guard.ts'
import { namespaceSeen, visible } from './visible.ts'

export interface InstallRequest extends GuardPlace {
  record: ReleaseRecord
  parseYaml(text: string): unknown[]
  enforcement: Enforcement
  dryRun: boolean
}

/** Gives what was (or would be) created or changed, one line each. */
export async function installGuard(request: InstallRequest): Promise<string[]> {
  const { cluster, namespace } = request
  const place = await namespaceSeen(cluster, namespace)
  // The guard before its bindings: a bound namespace without one refuses everything.
  return [
    ...(await ensureAll(cluster, POLICIES, request.dryRun)),
    ...(await ensureGuard(request)),
    ...(await ensureAll(cluster, [KEPT_BINDING, ...namespaceBindings(place)], request.dryRun)),
  ]
}

async function ensureAll(cluster: Cluster, wanted: readonly ResourceObject[], dryRun: boolean): Promise<string[]> {
  const done: string[] = []
  for (const ours of wanted) done.push(...(await ensure(cluster, ours, dryRun)))
  return done
}

const TRIES = 8

async function ensure(cluster: Cluster, ours: ResourceObject, dryRun: boolean): Promise<string[]> {
  const { apiVersion, kind, metadata } = ours
  for (let tried = 1; ; tried += 1) {
    const live = await visible(cluster, { apiVersion, kind, name: metadata.name })
    // An administrator installed it, or nobody did: who may not look learns it from the probes afterwards.
    if (live === 'hidden') return []
    if (live !== undefined && typeof partOf(ours, live as ResourceObject) === 'string') return []
    const done = [`${kind} ${metadata.name}${live === undefined ? '' : ' (as it should be)'}`]
    if (dryRun) return done
    try {
      if (live === undefined) await cluster.create(ours as KubeObject)
      else await cluster.replace(inPlaceOf(live, ours))
      return done
    } catch (error) {
      // A controller of Kubernetes writes the status of a policy that has just changed.
      if (!isPawlError(error, 'cluster-conflict') || tried >= TRIES) throw error
    }
  }
}

/** What it says is ours; who keeps it (the chart, perhaps) stays. */
function inPlaceOf(live: KubeObject, ours: ResourceObject): KubeObject {
  const { labels, annotations, resourceVersion } = live.metadata
  const version = ours.metadata.labels?.[VERSION_LABEL] ?? ''
  return {
    ...ours,
    metadata: {
      ...ours.metadata,
      labels: { ...ours.metadata.labels, ...labels, [VERSION_LABEL]: version },
      ...(annotations === undefined ? {} : { annotations }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
  }
}

/** Floors of what runs now; an existing guard keeps higher ones, its epoch and its memory. */
async function ensureGuard(request: InstallRequest): Promise<string[]> {
  const { cluster, namespace, release, record, enforcement, dryRun } = request
  const floors = floorsOf(objectsOf(request.parseYaml(record.manifest)), record.chart.appVersion)
  const known = await readGuard(request)
  if (known === undefined) {
    if (!dryRun) {
      const guard = newGuard({ namespace, release }, { enforcement, floors, revision: record.revision })
      await cluster.create(guardObject(guard) as KubeObject)
    }
    return [`ReleaseGuard ${release} (${enforcement}, ${floors.length} floors)`]
  }
  const wanted = (guard: ReleaseGuard): ReleaseGuard => ({
    ...guard,
    enforcement,
    floors: raised(guard.floors, floors),
    revision: record.revision,
  })
  if (JSON.stringify(wanted(known)) === JSON.stringify(known)) return []
  if (!dryRun) await changeGuard(request, wanted)
  return [`ReleaseGuard ${release} (${enforcement})`]
}

export interface UninstallRequest extends GuardPlace {
  /** The policies as well, which guard nothing without bindings. */
  everything: boolean
}

/**
 * Bindings first, then the guard: in between nothing is refused, and who may not remove bindings has changed nothing. Other guards of
 * the namespace keep the bindings.
 */
export async function uninstallGuard(request: UninstallRequest): Promise<string[]> {
  const { cluster, namespace, release } = request
  const guards = await cluster.list({ apiVersion: API_VERSION, kind: 'ReleaseGuard', namespace })
  const alone = guards.every(({ metadata }) => metadata.name === release)
  return [
    ...(alone ? await removeAll(cluster, namespaceBindings({ name: namespace })) : []),
    ...(await removeGuard(request)),
    ...(alone && request.everything ? await removePolicies(cluster) : []),
  ]
}

/** A guard in force is not deleted, by policy: first it is said to watch only. */
async function removeGuard(place: GuardPlace): Promise<string[]> {
  await changeGuard(place, (guard) => ({ ...without(without(guard, 'ticket'), 'quiesced'), enforcement: 'Audit' }))
  return await removeAll(place.cluster, [ownGuard(place)])
}

/**
 * Takes back an installation that does not hold: every later run would stop at its guard. Bindings that may not be removed were
 * made by an administrator, or by nobody.
 */
export async function withdrawGuard(place: GuardPlace): Promise<void> {
  try {
    await uninstallGuard({ ...place, everything: false })
  } catch (error) {
    if (!isPawlError(error, 'cluster-refused')) throw error
    await removeGuard(place)
  }
}

function ownGuard({ release, namespace }: GuardPlace): ResourceObject {
  return { apiVersion: API_VERSION, kind: 'ReleaseGuard', metadata: { name: release, namespace } }
}

/** Other namespaces may be guarded by the same policies. */
async function removePolicies(cluster: Cluster): Promise<string[]> {
  const { apiVersion, kind, metadata } = KEPT_BINDING
  const names: unknown[] = POLICIES.map((policy) => policy.metadata.name)
  const bindings = await cluster.list({ apiVersion, kind })
  const used = bindings.some(
    (binding) => binding.metadata.name !== metadata.name && names.includes(valueAt(binding, 'spec.policyName')),
  )
  return used ? [] : await removeAll(cluster, [KEPT_BINDING, ...POLICIES])
}

async function removeAll(cluster: Cluster, objects: readonly ResourceObject[]): Promise<string[]> {
  const done: string[] = []
  for (const { apiVersion, kind, metadata } of objects) {
    const place = metadata.namespace === undefined ? {} : { namespace: metadata.namespace }
    if (await cluster.remove({ apiVersion, kind, name: metadata.name, ...place })) done.push(`${kind} ${metadata.name}`)
  }
  return done
}
