// What a pod's status says: how far it is, and why it does not start.
import type { KubeObject } from '../../ports/cluster.ts'
import { isOver, lastOf, saidIn, type Said } from './events.ts'
import { CONTAINER } from './manifest.ts'

interface PodStatus {
  phase?: string
  reason?: string
  message?: string
  conditions?: { type: string; status: string; reason?: string; message?: string }[]
  containerStatuses?: {
    name: string
    state?: {
      waiting?: { reason?: string; message?: string }
      running?: object
      terminated?: Termination
    }
  }[]
}

export interface Termination {
  exitCode?: number
  reason?: string
  message?: string
}

export type PodState =
  | { at: 'waiting'; trouble?: Trouble }
  | { at: 'running' }
  | { at: 'ended'; termination: Termination }
  /** Failed as a whole, for example evicted, before or after its container ran. */
  | { at: 'failed'; reason: string }

/** Why a pod does not start, and how long that may pass by itself. */
export interface Trouble extends Said {
  patienceMs: number
}

const AT_ONCE = new Set([
  'InvalidImageName',
  'ErrImageNeverPull',
  'ImagePullBackOff',
  'CreateContainerError',
  'RunContainerError',
  'StartError',
])
const SOON_MS = 3_000
const SCHEDULING_MS = 60_000
const MOUNT_MS = 10_000
/** A pod that is being deleted may stay as it was for ever when its node is gone. */
export const NODE_GONE_MS = 5 * 60_000

export function stateOf(pod: KubeObject, events: KubeObject[]): PodState {
  const status = (pod.status ?? {}) as PodStatus
  const container = status.containerStatuses?.find(({ name }) => name === CONTAINER)
  const terminated = container?.state?.terminated
  if (terminated !== undefined) return { at: 'ended', termination: terminated }
  if (container?.state?.running !== undefined) return { at: 'running' }
  if (status.phase === 'Failed')
    return { at: 'failed', reason: [status.reason, status.message].filter((part) => part !== undefined).join(': ') }
  const trouble =
    imageTrouble(container?.state?.waiting) ?? schedulingTrouble(status) ?? mountTrouble(events) ?? deletionTrouble(pod)
  return trouble === undefined ? { at: 'waiting' } : { at: 'waiting', trouble }
}

function imageTrouble(waiting: { reason?: string; message?: string } | undefined): Trouble | undefined {
  const { reason = '', message = '' } = waiting ?? {}
  if (AT_ONCE.has(reason)) return { reason, message, patienceMs: 0 }
  // The first failed pull becomes ImagePullBackOff when it stays; a missing key may be written a moment later.
  if (reason === 'CreateContainerConfigError') return { reason, message, patienceMs: SOON_MS }
  return undefined
}

function schedulingTrouble({ conditions = [] }: PodStatus): Trouble | undefined {
  const condition = conditions.find(({ type, status }) => type === 'PodScheduled' && status === 'False')
  if (condition === undefined) return undefined
  const message = condition.message ?? ''
  const claimMissing = /persistentvolumeclaim "[^"]*" not found/.test(message)
  return { reason: condition.reason ?? 'Unschedulable', message, patienceMs: claimMissing ? SOON_MS : SCHEDULING_MS }
}

/** Undefined where it is not being deleted. Whoever waits counts from when it is first seen: the API server may have another clock. */
export function deletionTrouble({ metadata }: KubeObject): Trouble | undefined {
  if (metadata.deletionTimestamp === undefined) return undefined
  const graceMs = (metadata.deletionGracePeriodSeconds ?? 0) * 1000
  const message = 'its pod is being deleted and does not go: its node may not answer'
  return { reason: 'Terminating', message, patienceMs: graceMs + NODE_GONE_MS }
}

/** What somebody who waits for the pod waits for, in the cluster's own words where it has said any. */
export function waitedFor(job: string, pod: KubeObject | undefined, state: PodState, events: KubeObject[]): string {
  const what = pod === undefined ? `a pod for Job ${job}` : `pod ${pod.metadata.name} to start`
  const trouble = state.at === 'waiting' ? state.trouble : undefined
  const newest = lastOf(events)
  const words = trouble ?? refusalOf(pod) ?? (newest === undefined ? stageOf(pod) : saidIn(newest))
  return words === undefined ? what : `${what}: ${wordsOf(words)}`
}

/** A container that waits with a message has met something: an image that cannot be pulled, say. */
function refusalOf(pod: KubeObject | undefined): Said | undefined {
  const { reason = '', message = '' } = waitingIn(pod) ?? {}
  return message === '' ? undefined : { reason, message }
}

/** All that is known without the right to read events. */
function stageOf(pod: KubeObject | undefined): Said | undefined {
  if (pod === undefined) return undefined
  const { conditions = [] } = (pod.status ?? {}) as PodStatus
  const scheduled = conditions.some(({ type, status }) => type === 'PodScheduled' && status === 'True')
  const reason = waitingIn(pod)?.reason ?? (scheduled ? 'scheduled' : 'not scheduled')
  return { reason, message: '' }
}

function waitingIn(pod: KubeObject | undefined): { reason?: string; message?: string } | undefined {
  const { containerStatuses = [] } = (pod?.status ?? {}) as PodStatus
  return containerStatuses.find(({ name }) => name === CONTAINER)?.state?.waiting
}

export function wordsOf({ reason, message }: Said): string {
  return message === '' ? reason : `${reason}: ${message}`
}

/** Why the Job controller cannot make a pod at all: a quota, a limit range, an admission policy. */
export function creationTrouble(events: KubeObject[]): Trouble | undefined {
  const last = lastOf(events, ['FailedCreate'])
  if (last === undefined || isOver(last, events, ['SuccessfulCreate'])) return undefined
  return { ...saidIn(last), patienceMs: MOUNT_MS }
}

/**
 * What the kubelet does only when every volume of the pod is mounted (syncPod in k8s.io/kubernetes/pkg/kubelet/kubelet.go). Not
 * `Failed`: that is also said of a pod's directories, before.
 */
const MOUNTED = ['FailedCreatePodSandBox', 'Pulling', 'Pulled', 'BackOff', 'Created', 'Started']

/** A Secret, ConfigMap or key that is not there shows in events only: the container just stays in ContainerCreating. */
function mountTrouble(events: KubeObject[]): Trouble | undefined {
  const failures = events.filter((event) => !isOver(event, events, MOUNTED) && !isAttached(event, events))
  const last = lastOf(failures, ['FailedMount', 'FailedAttachVolume'])
  if (last === undefined) return undefined
  const said = saidIn(last)
  // A driver that is not there yet comes with its node; a Secret that is not there does not come by itself.
  const isMissing = /not found|non-existent/.test(said.message) && !/registered CSI drivers/.test(said.message)
  return { ...said, patienceMs: isMissing ? MOUNT_MS : SCHEDULING_MS }
}

/** One volume that is attached says nothing of another. */
function isAttached(failure: KubeObject, events: KubeObject[]): boolean {
  if (failure.reason !== 'FailedAttachVolume') return false
  const volume = volumeIn(failure)
  const same = events.filter((event) => volume === undefined || volumeIn(event) === volume)
  return isOver(failure, same, ['SuccessfulAttachVolume'])
}

function volumeIn(event: KubeObject): string | undefined {
  return /volume "([^"]+)"/.exec(saidIn(event).message)?.[1]
}
