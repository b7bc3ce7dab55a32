// Putting the guard in and taking it out: idempotent, in an order in which nothing is refused that is not meant to be.
import { valueAt } from '../../core/json.ts'
import { isPawlError } from '../../core/errors.ts'
import { KEPT_BINDING, namespaceBindings } from '../../core/guard/bindings.ts'
import { floorsOf, raised } from '../../core/guard/floors.ts'
import { guardObject, newGuard, without, type Enforcement, type ReleaseGuard } from '../../core/guard/guard.ts'
import { POLICIES } from '../../core/guard/policies.ts'
import { partOf } from '../../core/guard/same.ts'
import { objectsOf } from '../../core/rendered/objects.ts'
import { API_VERSION, type ResourceObject } from '../../core/resources.ts'
import type { Cluster, KubeObject, ObjectRef } from '../../ports/cluster.ts'
import type { ReleaseRecord } from '../../ports/helm.ts'
import { changeGuard, readGuard, type GuardPlace } from './guard.ts'

export interface InstallRequest extends GuardPlace {
  record: ReleaseRecord
  parseYaml(text: string): unknown[]
  enforcement: Enforcement
  dryRun: boolean
}

/** Gives what was (or would be) created or changed, one line each. */
export async function installGuard(request: InstallRequest): Promise<string[]> {
  const { cluster, namespace } = request
  const place = await visible(cluster, { apiVersion: 'v1', kind: 'Namespace', name: namespace })
  const uid = place === 'hidden' ? undefined : place?.metadata.uid
  // The guard before its bindings: a bound namespace without one refuses everything.
  return [
    ...(await ensureAll(cluster, POLICIES, request.dryRun)),
    ...(await ensureGuard(request)),
    ...(await ensureAll(
      cluster,
      [KEPT_BINDING, ...namespaceBindings({ name: namespace, ...(uid === undefined ? {} : { uid }) })],
      request.dryRun,
    )),
  ]
}

async function ensureAll(cluster: Cluster, wanted: readonly ResourceObject[], dryRun: boolean): Promise<string[]> {
  const done: string[] = []
  for (const ours of wanted) {
    const { apiVersion, kind, metadata } = ours
    const live = await visible(cluster, { apiVersion, kind, name: metadata.name })
    // An administrator installed it, or nobody did: who may not look learns it from the probes afterwards.
    if (live === 'hidden') continue
    if (live !== undefined && typeof partOf(ours, live as ResourceObject) === 'string') continue
    done.push(`${kind} ${metadata.name}${live === undefined ? '' : ' (as it should be)'}`)
    if (dryRun) continue
    if (live === undefined) await cluster.create(ours as KubeObject)
    else {
      const { resourceVersion } = live.metadata
      const versioned = resourceVersion === undefined ? metadata : { ...metadata, resourceVersion }
      await cluster.replace({ ...ours, metadata: versioned } as KubeObject)
    }
  }
  return done
}

async function visible(cluster: Cluster, ref: ObjectRef): Promise<KubeObject | 'hidden' | undefined> {
  try {
    return await cluster.get(ref)
  } catch (error) {
    if (isPawlError(error, 'cluster-refused')) return 'hidden'
    throw error
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

/** Bindings first, then the guard: in between nothing is refused. Other guards of the namespace keep the bindings. */
export async function uninstallGuard(request: UninstallRequest): Promise<string[]> {
  const { cluster, namespace, release } = request
  const guards = await cluster.list({ apiVersion: API_VERSION, kind: 'ReleaseGuard', namespace })
  const alone = guards.every(({ metadata }) => metadata.name === release)
  // A guard in force is not deleted, by policy: first it is said to watch only.
  await changeGuard(request, (guard) => ({ ...without(without(guard, 'ticket'), 'quiesced'), enforcement: 'Audit' }))
  return [
    ...(alone ? await removeAll(cluster, namespaceBindings({ name: namespace })) : []),
    ...(await removeAll(cluster, [ownGuard(request)])),
    ...(alone && request.everything ? await removePolicies(cluster) : []),
  ]
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
    await removeAll(place.cluster, [ownGuard(place)])
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
