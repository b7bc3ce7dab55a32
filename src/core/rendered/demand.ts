// What the pods of a manifest ask of the nodes: requests as the scheduler counts them.
import { listOf, recordOf, textOf, valueAt } from '../json.ts'
import type { JsonRecord } from '../json.ts'
import { kindOf, objectTitle, podSpecOf } from './objects.ts'
import { quantityOf } from './quantity.ts'

export interface Amount {
  /** Cores. */
  cpu: number
  /** Bytes. */
  memory: number
}

export interface PodDemand extends Amount {
  /** `Kind/name` of the workload. */
  of: string
  /** How many such pods. */
  count: number
  /** Containers that ask for nothing: the scheduler lets them in anywhere, a quota may not. */
  unsized: string[]
  pod: JsonRecord
}

export const NOTHING: Amount = { cpu: 0, memory: 0 }

export function plus(a: Amount, b: Amount): Amount {
  return { cpu: a.cpu + b.cpu, memory: a.memory + b.memory }
}

function most(a: Amount, b: Amount): Amount {
  return { cpu: Math.max(a.cpu, b.cpu), memory: Math.max(a.memory, b.memory) }
}

function requestsOf(container: JsonRecord): Amount {
  const at = (name: string): number =>
    quantityOf(valueAt(container, ['resources', 'requests', name])) ??
    // A limit without a request is the request as well.
    quantityOf(valueAt(container, ['resources', 'limits', name])) ??
    0
  return { cpu: at('cpu'), memory: at('memory') }
}

/**
 * All containers at once, or the largest init container where that is more; init containers that go on beside the others
 * (`restartPolicy: Always`) count as both (scheduler, pkg/api/v1/resource/helpers.go).
 */
export function podRequests(spec: JsonRecord): Amount {
  const containers = listOf(spec['containers']).map(recordOf)
  let sum = containers.map(requestsOf).reduce(plus, NOTHING)
  let beside = NOTHING
  let largest = NOTHING
  for (const container of listOf(spec['initContainers']).map(recordOf)) {
    const own = requestsOf(container)
    if (container['restartPolicy'] === 'Always') {
      beside = plus(beside, own)
      sum = plus(sum, own)
    }
    largest = most(largest, container['restartPolicy'] === 'Always' ? beside : plus(beside, own))
  }
  const overhead = recordOf(spec['overhead'])
  const extra = { cpu: quantityOf(overhead['cpu']) ?? 0, memory: quantityOf(overhead['memory']) ?? 0 }
  return plus(most(sum, largest), extra)
}

/** By workload; DaemonSets are left out, whose pods come with the nodes. `replicas` overrides what the manifest says. */
export function demandOf(objects: readonly JsonRecord[], replicas: Readonly<Record<string, number>> = {}): PodDemand[] {
  return objects
    .filter((object) => ['Deployment', 'StatefulSet'].includes(kindOf(object)))
    .map((object) => {
      const title = objectTitle(object)
      const said = valueAt(object, 'spec.replicas')
      const spec = podSpecOf(object)
      const containers = [...listOf(spec['initContainers']), ...listOf(spec['containers'])].map(recordOf)
      const unsized = containers.filter((container) => {
        const { cpu, memory } = requestsOf(container)
        return cpu === 0 || memory === 0
      })
      return {
        of: title,
        count: replicas[title] ?? (typeof said === 'number' ? said : 1),
        ...podRequests(spec),
        unsized: unsized.map((container) => textOf(container['name']) ?? '?'),
        pod: spec,
      }
    })
    .filter(({ count }) => count > 0)
}
