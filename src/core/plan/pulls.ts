// Which images of a target the cluster can have: what its nodes have already, and what a kubelet said when it was asked.
import { listOf, recordOf, textOf, valueAt } from '../json.ts'
import type { JsonRecord } from '../json.ts'
import { imagesOf, podSpecOf } from '../rendered/objects.ts'

export interface PullFacts {
  /** Images that every node has. */
  there: number
  /** Images that were pulled just now. */
  pulled: number
  failed: { image: string; why: string }[]
  /** Images nobody knows of yet: still being pulled when the time was over. */
  waiting: string[]
  /** Nodes that were asked. */
  nodes: string[]
}

/** Images that pods of one kind ask for: with the same secrets, as the same account, on the same nodes. */
export interface PullGroup {
  images: { image: string; policy: 'Always' | 'IfNotPresent' | 'Never' }[]
  serviceAccountName?: string
  imagePullSecrets: JsonRecord[]
  nodeSelector: JsonRecord
  tolerations: unknown[]
}

/** @param objects of the target, its hooks among them */
export function pullGroups(objects: readonly JsonRecord[]): PullGroup[] {
  const groups = new Map<string, PullGroup>()
  const seen = new Set<string>()
  for (const object of objects) {
    const spec = podSpecOf(object)
    if (imagesOf(object).length === 0) continue
    const account = textOf(spec['serviceAccountName'])
    const place = {
      ...(account === undefined ? {} : { serviceAccountName: account }),
      imagePullSecrets: listOf(spec['imagePullSecrets']).map(recordOf),
      nodeSelector: recordOf(spec['nodeSelector']),
      tolerations: listOf(spec['tolerations']),
    }
    const key = JSON.stringify(place)
    const group = groups.get(key) ?? { ...place, images: [] }
    groups.set(key, group)
    for (const container of [...listOf(spec['initContainers']), ...listOf(spec['containers'])]) {
      const image = textOf(valueAt(container, 'image'))
      if (image === undefined || seen.has(image)) continue
      seen.add(image)
      group.images.push({ image, policy: policyOf(image, textOf(valueAt(container, 'imagePullPolicy'))) })
    }
  }
  return [...groups.values()].filter(({ images }) => images.length > 0)
}

function policyOf(image: string, said: string | undefined): 'Always' | 'IfNotPresent' | 'Never' {
  if (said === 'Always' || said === 'IfNotPresent' || said === 'Never') return said
  // Kubernetes' own default: a moving tag is looked for each time.
  return /(:latest|\/[^:@]+)$/.test(image) || !/[:@]/.test(image) ? 'Always' : 'IfNotPresent'
}

/** True where every node that takes pods says that it has the image; nodes tell of their fifty largest only. */
export function isOnEveryNode(image: string, nodes: readonly JsonRecord[]): boolean {
  const usable = nodes.filter((node) => valueAt(node, 'spec.unschedulable') !== true)
  return (
    usable.length > 0 &&
    usable.every((node) =>
      listOf(valueAt(node, 'status.images')).some((entry) => listOf(valueAt(entry, 'names')).includes(image)),
    )
  )
}

const PULL_FAILURES =
  /^(ErrImagePull|ImagePullBackOff|InvalidImageName|ErrImageNeverPull|ImageInspectError|RegistryUnavailable|SignatureValidationFailed)$/

export type Pull = { is: 'pulled' } | { is: 'failed'; why: string } | { is: 'waiting' }

/**
 * Of a container whose command does not exist: it never runs. Once the image is there the kubelet fails at starting it, or refuses to
 * for another reason, which it only does after the pull.
 */
export function pullOf(status: JsonRecord): Pull {
  const waiting = recordOf(valueAt(status, 'state.waiting'))
  const reason = textOf(waiting['reason']) ?? ''
  if (PULL_FAILURES.test(reason)) return { is: 'failed', why: textOf(waiting['message']) ?? reason }
  const started = ['state.terminated', 'state.running', 'lastState.terminated'].some(
    (at) => valueAt(status, at) !== undefined,
  )
  const hasImage = (textOf(status['imageID']) ?? '') !== ''
  const refusedLater = /^(RunContainerError|CreateContainerError|CreateContainerConfigError|CrashLoopBackOff)$/.test(
    reason,
  )
  return started || hasImage || refusedLater ? { is: 'pulled' } : { is: 'waiting' }
}
