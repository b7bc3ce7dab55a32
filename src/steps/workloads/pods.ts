// Pods of Deployments: who is still alive, and why somebody does not get ready.
import type { Cluster, KubeObject } from '../../ports/cluster.ts'
import { listOf, recordOf, textOf, valueAt } from '../../core/json.ts'
import type { DeploymentView } from './deployments.ts'

/** Every pod that a Deployment's selector matches, also those that are ending. */
export async function podsOf(
  cluster: Cluster,
  namespace: string,
  views: readonly DeploymentView[],
  signal?: AbortSignal,
): Promise<KubeObject[]> {
  const pods = await cluster.list({ apiVersion: 'v1', kind: 'Pod', namespace }, signal)
  const selectors = views.map((view) => recordOf(valueAt(view.object, 'spec.selector.matchLabels')))
  return pods.filter((pod) => !isOver(pod) && selectors.some((selector) => matches(pod, selector)))
}

function matches(pod: KubeObject, selector: Record<string, unknown>): boolean {
  const labels = pod.metadata.labels ?? {}
  const wanted = Object.entries(selector)
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value)
}

/** A pod that has ended holds no connection any more. */
function isOver(pod: KubeObject): boolean {
  const phase = valueAt(pod, 'status.phase')
  return phase === 'Succeeded' || phase === 'Failed'
}

/** Milliseconds until the last of the ending pods must be gone; 0 where none is known to end. */
export function graceLeftMs(pods: readonly KubeObject[], now: Date): number {
  const ends = pods.map((pod) =>
    pod.metadata.deletionTimestamp === undefined ? 0 : Date.parse(pod.metadata.deletionTimestamp),
  )
  return Math.max(0, ...ends.map((end) => end - now.getTime()))
}

export function isReady(pod: KubeObject): boolean {
  return listOf(valueAt(pod, 'status.conditions')).some((condition) => {
    const { type, status } = recordOf(condition)
    return type === 'Ready' && status === 'True'
  })
}

/** In one line, why a pod is not ready: the kubelet's own words. */
export function whyNotReady(pod: KubeObject): string {
  const containers = [
    ...listOf(valueAt(pod, 'status.initContainerStatuses')),
    ...listOf(valueAt(pod, 'status.containerStatuses')),
  ].map(recordOf)
  for (const container of containers) {
    const waiting = recordOf(valueAt(container, 'state.waiting'))
    const terminated = recordOf(valueAt(container, 'state.terminated'))
    const name = textOf(container['name']) ?? '?'
    if (textOf(waiting['reason']) !== undefined && waiting['reason'] !== 'PodInitializing') {
      return `${pod.metadata.name}: container ${name} is ${String(waiting['reason'])}`
    }
    if (typeof terminated['exitCode'] === 'number' && terminated['exitCode'] !== 0) {
      return `${pod.metadata.name}: container ${name} ended with exit code ${terminated['exitCode']}`
    }
  }
  const unready = containers.find((container) => container['ready'] === false)
  return `${pod.metadata.name}: ${unready === undefined ? String(valueAt(pod, 'status.phase')) : `container ${String(unready['name'])} is not ready`}`
}
