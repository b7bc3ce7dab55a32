// What a pod's status says: how far it is, and why it does not start.
import type { KubeObject } from '../../ports/cluster.ts'
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
export interface Trouble {
  reason: string
  message: string
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

export function stateOf(pod: KubeObject, events: KubeObject[]): PodState {
  const status = (pod.status ?? {}) as PodStatus
  const container = status.containerStatuses?.find(({ name }) => name === CONTAINER)
  const terminated = container?.state?.terminated
  if (terminated !== undefined) return { at: 'ended', termination: terminated }
  if (container?.state?.running !== undefined) return { at: 'running' }
  if (status.phase === 'Failed')
    return { at: 'failed', reason: [status.reason, status.message].filter((part) => part !== undefined).join(': ') }
  const trouble = imageTrouble(container?.state?.waiting) ?? schedulingTrouble(status) ?? mountTrouble(events)
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

/** Why the Job controller cannot make a pod at all: a quota, a limit range, an admission policy. */
export function creationTrouble(events: KubeObject[]): Trouble | undefined {
  const last = latest(events, ['FailedCreate'])
  return last === undefined ? undefined : { ...last, patienceMs: MOUNT_MS }
}

/** A Secret, ConfigMap or key that is not there shows in events only: the container just stays in ContainerCreating. */
function mountTrouble(events: KubeObject[]): Trouble | undefined {
  const last = latest(events, ['FailedMount', 'FailedAttachVolume'])
  if (last === undefined) return undefined
  return { ...last, patienceMs: /not found|non-existent/.test(last.message) ? MOUNT_MS : SCHEDULING_MS }
}

function latest(events: KubeObject[], reasons: string[]): { reason: string; message: string } | undefined {
  const wanted = events.filter(({ reason }) => reasons.includes(String(reason)))
  const last = wanted.toSorted((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1)).at(-1)
  if (last === undefined) return undefined
  return { reason: String(last.reason), message: typeof last.message === 'string' ? last.message : '' }
}

function timeOf(event: KubeObject): string {
  const when = event.lastTimestamp ?? event.eventTime
  return typeof when === 'string' ? when : ''
}
