// Whether what runs is what Helm's record says.
import { listOf, recordOf, textOf, valueAt } from '../json.ts'
import type { JsonRecord } from '../json.ts'
import { kindOf, objectName, objectTitle, podSpecOf } from './objects.ts'

const WORKLOADS = new Set(['Deployment', 'StatefulSet', 'DaemonSet'])

function matchLabels(workload: JsonRecord): [string, unknown][] {
  return Object.entries(recordOf(valueAt(workload, 'spec.selector.matchLabels')))
}

function selects(workload: JsonRecord, pod: JsonRecord): boolean {
  const labels = recordOf(valueAt(pod, 'metadata.labels'))
  const wanted = matchLabels(workload)
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value)
}

/** A pod that is over or ending says nothing about what runs. */
function isAlive(pod: JsonRecord): boolean {
  const phase = textOf(valueAt(pod, 'status.phase'))
  return phase !== 'Succeeded' && phase !== 'Failed' && valueAt(pod, 'metadata.deletionTimestamp') === undefined
}

/** Pods that belong to one of a manifest's workloads and are alive. */
export function podsOfManifest(manifest: readonly JsonRecord[], pods: readonly JsonRecord[]): JsonRecord[] {
  const workloads = manifest.filter((object) => WORKLOADS.has(kindOf(object)))
  return pods.filter((pod) => isAlive(pod) && workloads.some((workload) => selects(workload, pod)))
}

/**
 * Each way in which live pods differ from the manifest, in words; empty where they agree. Admission webhooks may add
 * containers of their own, so only an image that replaces one of the workload's own containers counts.
 */
export function strays(manifest: readonly JsonRecord[], pods: readonly JsonRecord[]): string[] {
  const found: string[] = []
  for (const workload of manifest.filter((object) => WORKLOADS.has(kindOf(object)))) {
    const wanted = imagesByContainer(podSpecOf(workload))
    for (const pod of pods.filter((candidate) => isAlive(candidate) && selects(workload, candidate))) {
      for (const [container, image] of imagesByContainer(pod['spec'])) {
        const expected = wanted.get(container)
        if (expected !== undefined && lastPart(expected) !== lastPart(image)) {
          found.push(`pod ${objectName(pod)} runs ${image} in ${container}, ${objectTitle(workload)} says ${expected}`)
        }
      }
    }
  }
  return found.toSorted()
}

function imagesByContainer(pod: unknown): Map<string, string> {
  const containers = [...listOf(valueAt(pod, 'initContainers')), ...listOf(valueAt(pod, 'containers'))]
  return new Map(
    containers.map((container) => [String(valueAt(container, 'name')), String(valueAt(container, 'image'))]),
  )
}

/** Without registry and path, which mirrors rewrite. */
function lastPart(image: string): string {
  return image.slice(image.lastIndexOf('/') + 1)
}
