// Whether the pods of the target find room: on the nodes, within quotas, within limits of the namespace.
import { listOf, recordOf, textOf, valueAt } from '../json.ts'
import type { JsonRecord } from '../json.ts'
import { NOTHING, plus, podRequests } from '../rendered/demand.ts'
import type { Amount, PodDemand } from '../rendered/demand.ts'
import { objectName } from '../rendered/objects.ts'
import { quantityOf } from '../rendered/quantity.ts'

export interface Surroundings {
  nodes: readonly JsonRecord[]
  /** Of every namespace. */
  pods: readonly JsonRecord[]
  quotas: readonly JsonRecord[]
  limitRanges: readonly JsonRecord[]
}

export interface Capacity {
  needs: Amount & { pods: number }
  /** What the nodes have left, without the pods of the release itself, which make way. */
  free: Amount & { pods: number }
  /** Nodes that take pods. */
  nodes: number
  /** Pods that find no node, in words. */
  homeless: string[]
  /** What quotas and limits of the namespace would not let in, in words. */
  forbidden: string[]
}

/**
 * Pawl stops the product before it brings the target up: there is no surge, the old pods' room is free by then.
 * @param isOwn whether a pod belongs to the release
 */
export function capacityFor(
  demand: readonly PodDemand[],
  { nodes, pods, quotas, limitRanges }: Surroundings,
  isOwn: (pod: JsonRecord) => boolean,
): Capacity {
  const rooms = nodes.filter(takesPods).map((node) => roomOn(node, pods, isOwn))
  const free = rooms.reduce((sum, room) => ({ ...plus(sum, room), pods: sum.pods + room.pods }), {
    ...NOTHING,
    pods: 0,
  })
  const needs = demand.reduce(
    (sum, { count, cpu, memory }) => ({
      cpu: sum.cpu + count * cpu,
      memory: sum.memory + count * memory,
      pods: sum.pods + count,
    }),
    { ...NOTHING, pods: 0 },
  )
  return {
    needs,
    free,
    nodes: rooms.length,
    homeless: homeless(demand, rooms),
    forbidden: [
      ...overQuota(demand, needs, quotas, limitRanges, pods.filter(isOwn)),
      ...outsideLimits(demand, limitRanges),
    ],
  }
}

interface Room extends Amount {
  pods: number
  node: JsonRecord
}

function takesPods(node: JsonRecord): boolean {
  const ready = listOf(valueAt(node, 'status.conditions')).some(
    (condition) => valueAt(condition, 'type') === 'Ready' && valueAt(condition, 'status') === 'True',
  )
  return ready && valueAt(node, 'spec.unschedulable') !== true
}

function roomOn(node: JsonRecord, pods: readonly JsonRecord[], isOwn: (pod: JsonRecord) => boolean): Room {
  const has = (name: string): number => quantityOf(valueAt(node, ['status', 'allocatable', name])) ?? 0
  const others = pods.filter((pod) => valueAt(pod, 'spec.nodeName') === objectName(node) && !isOver(pod) && !isOwn(pod))
  const taken = others.map((pod) => podRequests(recordOf(pod['spec']))).reduce(plus, NOTHING)
  return {
    node,
    cpu: has('cpu') - taken.cpu,
    memory: has('memory') - taken.memory,
    pods: has('pods') - others.length,
  }
}

function isOver(pod: JsonRecord): boolean {
  const phase = textOf(valueAt(pod, 'status.phase'))
  return phase === 'Succeeded' || phase === 'Failed'
}

/** The largest first, each onto the first node with room: what the scheduler does is never much better. */
function homeless(demand: readonly PodDemand[], rooms: readonly Room[]): string[] {
  const left = rooms.map((room) => ({ ...room }))
  const found: string[] = []
  for (const wanted of demand.toSorted((a, b) => b.memory - a.memory || b.cpu - a.cpu)) {
    let without = 0
    for (let number = 0; number < wanted.count; number += 1) {
      const room = left.find(
        (candidate) =>
          candidate.pods >= 1 &&
          candidate.cpu >= wanted.cpu &&
          candidate.memory >= wanted.memory &&
          mayGo(wanted.pod, candidate.node),
      )
      if (room === undefined) without += 1
      else {
        room.pods -= 1
        room.cpu -= wanted.cpu
        room.memory -= wanted.memory
      }
    }
    if (without > 0) found.push(`${wanted.of}: ${without} of ${wanted.count} (${amountText(wanted)} each)`)
  }
  return found
}

/** Node selectors and taints; affinities are left to the scheduler. */
function mayGo(pod: JsonRecord, node: JsonRecord): boolean {
  const labels = recordOf(valueAt(node, 'metadata.labels'))
  const selected = Object.entries(recordOf(pod['nodeSelector'])).every(([key, value]) => labels[key] === value)
  const taints = listOf(valueAt(node, 'spec.taints')).filter((taint) => valueAt(taint, 'effect') !== 'PreferNoSchedule')
  return (
    selected && taints.every((taint) => listOf(pod['tolerations']).some((toleration) => tolerates(toleration, taint)))
  )
}

function tolerates(toleration: unknown, taint: unknown): boolean {
  const of = (name: string): [unknown, unknown] => [valueAt(toleration, name), valueAt(taint, name)]
  const [effect, tainted] = of('effect')
  if (effect !== undefined && effect !== '' && effect !== tainted) return false
  const [key, wanted] = of('key')
  if (key === undefined || key === '') return valueAt(toleration, 'operator') === 'Exists'
  if (key !== wanted) return false
  const [value, expected] = of('value')
  return valueAt(toleration, 'operator') === 'Exists' || (value ?? '') === (expected ?? '')
}

/** Names under which a quota limits what pods request. */
const QUOTA_NAMES: [name: string, of: keyof Capacity['needs']][] = [
  ['cpu', 'cpu'],
  ['requests.cpu', 'cpu'],
  ['memory', 'memory'],
  ['requests.memory', 'memory'],
  ['pods', 'pods'],
  ['count/pods', 'pods'],
]

function overQuota(
  demand: readonly PodDemand[],
  needs: Capacity['needs'],
  quotas: readonly JsonRecord[],
  limitRanges: readonly JsonRecord[],
  own: readonly JsonRecord[],
): string[] {
  const alive = own.filter((pod) => !isOver(pod))
  const back = alive.map((pod) => podRequests(recordOf(pod['spec']))).reduce(plus, NOTHING)
  const given = { ...back, pods: alive.length }
  return (
    quotas
      // A quota with a scope is about some pods only; whether about these, the server says when it is asked.
      .filter(
        (quota) =>
          listOf(valueAt(quota, 'spec.scopes')).length === 0 && valueAt(quota, 'spec.scopeSelector') === undefined,
      )
      .flatMap((quota) => {
        const hard = recordOf(valueAt(quota, 'spec.hard'))
        const used = recordOf(valueAt(quota, 'status.used'))
        return QUOTA_NAMES.flatMap(([name, of]) => {
          const limit = quantityOf(hard[name])
          if (limit === undefined) return []
          const title = `ResourceQuota/${objectName(quota)}`
          const unsized =
            of === 'pods' || hasDefault(limitRanges, of)
              ? []
              : demand.filter(({ unsized: none }) => none.length > 0).map((one) => one.of)
          if (unsized.length > 0)
            return [`${title} wants every container to say its ${of}: ${unsized.join(', ')} does not`]
          const left = limit - (quantityOf(used[name]) ?? 0) + given[of]
          return needs[of] > left + 1e-9
            ? [`${title} leaves ${valueText(of, left)} of ${name}, needed are ${valueText(of, needs[of])}`]
            : []
        })
      })
  )
}

function hasDefault(limitRanges: readonly JsonRecord[], name: string): boolean {
  return limitRanges
    .flatMap((range) => listOf(valueAt(range, 'spec.limits')))
    .some((limit) => ['defaultRequest', 'default'].some((which) => valueAt(limit, [which, name]) !== undefined))
}

function outsideLimits(demand: readonly PodDemand[], limitRanges: readonly JsonRecord[]): string[] {
  return limitRanges.flatMap((range) =>
    listOf(valueAt(range, 'spec.limits'))
      .filter((limit) => valueAt(limit, 'type') === 'Container')
      .flatMap((limit) =>
        demand.flatMap(({ of, pod }) =>
          [...listOf(pod['initContainers']), ...listOf(pod['containers'])].flatMap((container) =>
            (['cpu', 'memory'] as const).flatMap((name) => {
              const most = quantityOf(valueAt(limit, ['max', name]))
              const asked = ['limits', 'requests'].map((which) =>
                quantityOf(valueAt(container, ['resources', which, name])),
              )
              const over = most === undefined ? undefined : asked.find((amount) => (amount ?? 0) > most)
              return over === undefined || most === undefined
                ? []
                : [
                    `LimitRange/${objectName(range)} allows a container ${valueText(name, most)} of ${name}, ${String(valueAt(container, 'name'))} of ${of} asks for ${valueText(name, over)}`,
                  ]
            }),
          ),
        ),
      ),
  )
}

export function amountText({ cpu, memory }: Amount): string {
  return `${valueText('cpu', cpu)} CPU, ${valueText('memory', memory)}`
}

function valueText(of: keyof Capacity['needs'], value: number): string {
  if (of === 'memory') return `${(Math.max(0, value) / 2 ** 30).toFixed(1)} GiB`
  return of === 'cpu' ? Math.max(0, value).toFixed(1) : String(value)
}
