// Deployments of a release: what runs, how many, who owns the number, and whether anything of them is still alive.
import { isPawlError } from '../../core/errors.ts'
import type { Cluster, KubeObject, ManagedFields, Patch } from '../../ports/cluster.ts'
import { isRecord, listOf, recordOf, textOf, valueAt } from '../../core/json.ts'

export interface DeploymentView {
  name: string
  /** `.spec.replicas`. */
  replicas: number
  autoscaler?: string
  /** Manager other than Helm that owns `.spec.replicas`. */
  scaledBy?: string
  images: string[]
  object: KubeObject
}

const HELM_MANAGERS = new Set(['helm', 'pawl'])

/** All Deployments that carry the release's instance label or are named in its record; sorted by name. */
export async function readDeployments(
  cluster: Cluster,
  namespace: string,
  names: ReadonlySet<string>,
  signal?: AbortSignal,
): Promise<DeploymentView[]> {
  const [deployments, autoscalers] = await Promise.all([
    cluster.list({ apiVersion: 'apps/v1', kind: 'Deployment', namespace }, signal),
    cluster.list({ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', namespace }, signal),
  ])
  return deployments
    .filter((object) => names.has(object.metadata.name))
    .map((object) => viewOf(object, autoscalers))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

function viewOf(object: KubeObject, autoscalers: readonly KubeObject[]): DeploymentView {
  const name = object.metadata.name
  const autoscaler = autoscalers.find((hpa) => {
    const target = recordOf(valueAt(hpa, 'spec.scaleTargetRef'))
    return target['kind'] === 'Deployment' && target['name'] === name
  })
  const scaledBy = ownersOfReplicas(object).find((manager) => !HELM_MANAGERS.has(manager))
  const replicas = valueAt(object, 'spec.replicas')
  return {
    name,
    replicas: typeof replicas === 'number' ? replicas : 1,
    images: imagesOf(object),
    object,
    ...(autoscaler === undefined ? {} : { autoscaler: autoscaler.metadata.name }),
    ...(scaledBy === undefined ? {} : { scaledBy }),
  }
}

export function imagesOf(deployment: KubeObject): string[] {
  const pod = recordOf(valueAt(deployment, 'spec.template.spec'))
  return [...listOf(pod['containers']), ...listOf(pod['initContainers'])]
    .map((container) => textOf(recordOf(container)['image']))
    .filter((image) => image !== undefined)
}

function ownersOfReplicas(object: KubeObject): string[] {
  return (object.metadata.managedFields ?? []).filter(ownsReplicas).map((entry) => entry.manager ?? '')
}

function ownsReplicas(entry: ManagedFields): boolean {
  return isRecord(valueAt(entry.fieldsV1, 'f:spec.f:replicas'))
}

/** Sets `.spec.replicas`; a no-op where it is that number already. */
export async function scaleTo(
  cluster: Cluster,
  view: DeploymentView,
  replicas: number,
  manager = 'pawl',
  signal?: AbortSignal,
): Promise<void> {
  if (view.replicas === replicas) return
  const ref = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    namespace: view.object.metadata.namespace ?? '',
    name: view.name,
  }
  await cluster.patch(ref, { type: 'merge', body: { spec: { replicas } } }, { manager }, signal)
}

/** Controllers write the status of a Deployment all the time: a patch that was overtaken is made again on what is there now. */
const HAND_BACK_TRIES = 8

/**
 * Takes every manager but Helm's own server-side apply off `.spec.replicas`, so that Helm 4 can write the number again.
 * Without this a Deployment that anybody ever scaled by hand stops `helm upgrade` half-way with a conflict.
 */
export async function handBackReplicas(cluster: Cluster, view: DeploymentView, signal?: AbortSignal): Promise<void> {
  const ref = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    namespace: view.object.metadata.namespace ?? '',
    name: view.name,
  }
  let object: KubeObject | undefined = view.object
  for (let attempt = 1; object !== undefined; attempt += 1) {
    const body = handBackPatch(object)
    if (body === undefined) return
    try {
      await cluster.patch(ref, { type: 'json', body }, {}, signal)
      return
    } catch (error) {
      if (!isPawlError(error, 'cluster-conflict') || attempt >= HAND_BACK_TRIES) throw error
    }
    object = await cluster.get(ref, signal)
  }
}

function handBackPatch(object: KubeObject): Extract<Patch, { type: 'json' }>['body'] | undefined {
  const entries = object.metadata.managedFields ?? []
  const kept = entries.map((entry) => (isHelmApply(entry) ? entry : withoutReplicas(entry)))
  if (entries.every((entry, index) => entry === kept[index])) return undefined
  return [
    { op: 'test', path: '/metadata/resourceVersion', value: object.metadata.resourceVersion },
    { op: 'replace', path: '/metadata/managedFields', value: kept.filter((entry) => !isEmpty(entry)) },
  ]
}

function isHelmApply(entry: ManagedFields): boolean {
  return entry.manager === 'helm' && entry.operation === 'Apply'
}

function withoutReplicas(entry: ManagedFields): ManagedFields {
  if (!ownsReplicas(entry)) return entry
  const { 'f:replicas': _gone, ...spec } = recordOf(entry.fieldsV1?.['f:spec'])
  const { 'f:spec': _spec, ...others } = entry.fieldsV1 ?? {}
  return { ...entry, fieldsV1: Object.keys(spec).length === 0 ? others : { ...others, 'f:spec': spec } }
}

function isEmpty(entry: ManagedFields): boolean {
  return Object.keys(entry.fieldsV1 ?? {}).length === 0
}
