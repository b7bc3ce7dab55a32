// One blow at the Job of a data task: when it was made, when its container has started or has come to a phase; at its container, its
// pod or the Job itself.
import { setTimeout as sleep } from 'node:timers/promises'
import type { DataTask } from '../../src/core/data/tasks.ts'
import type { Cluster, KubeObject } from '../../src/ports/cluster.ts'
import { stateOf } from '../../src/adapters/jobs/pod.ts'
import { kubectl, type Lab } from '../support/lab.ts'
import type { Node } from './node.ts'

export interface Strike {
  task: DataTask['kind']
  /** The Job was made; its container runs; the task says that it is in this phase. */
  at: 'made' | 'started' | { phase: string }
  kill: 'the container' | 'the pod' | 'the Job' | 'the Job without its pod'
  /** Pawl's own process goes with it. */
  andPawl?: true
}

export function nameOf({ task, at, kill, andPawl }: Strike): string {
  const when = typeof at === 'string' ? at : `in phase ${at.phase}`
  return `${task} (${when}): ${kill}${andPawl === true ? ' and Pawl' : ''}`
}

export interface StrikeDeps {
  lab: Lab
  cluster: Cluster
  namespace: string
  node: Node
  /** Jobs that were there before: an earlier attempt's, an earlier run's. */
  known: ReadonlySet<string>
  killPawl: () => Promise<void>
  /** Aborted when the command that makes the Job has ended. */
  over: AbortSignal
}

const LOOK_MS = 60

export interface Struck {
  /** Of the Job. */
  uid: string
  /** Its container had ended by itself just before. */
  late: boolean
}

/** Throws where the place is never reached. */
export async function strike(one: Strike, deps: StrikeDeps): Promise<Struck> {
  const { namespace, cluster, lab } = deps
  const job = await untilThere(one, deps, async () => {
    const query = { apiVersion: 'batch/v1', kind: 'Job', namespace, labelSelector: `pawl.dev/task=${one.task}` }
    return (await cluster.list(query)).find(({ metadata }) => !deps.known.has(metadata.uid ?? ''))
  })
  const pod = one.at === 'made' ? '' : await startedPod(one, deps, job)
  if (typeof one.at === 'object') await untilPhase(one, deps, pod, one.at.phase)
  // First Pawl, so that it sees nothing of the rest.
  if (one.andPawl === true) await deps.killPawl()
  const ofJob = ['delete', 'job', job.metadata.name, '-n', namespace, '--wait=false']
  const late = one.kill === 'the container' && !(await deps.node.kill(pod))
  if (one.kill === 'the pod') await kubectl(lab, ['delete', 'pod', pod, '-n', namespace, '--grace-period=0', '--force'])
  if (one.kill === 'the Job') await kubectl(lab, ofJob)
  if (one.kill === 'the Job without its pod') await kubectl(lab, [...ofJob, '--cascade=orphan'])
  return { uid: job.metadata.uid ?? '', late }
}

async function startedPod(one: Strike, deps: StrikeDeps, job: KubeObject): Promise<string> {
  const { cluster, namespace } = deps
  const query = { apiVersion: 'v1', kind: 'Pod', namespace, labelSelector: `job-name=${job.metadata.name}` }
  const pod = await untilThere(one, deps, async () =>
    (await cluster.list(query)).find((pod) => stateOf(pod, []).at === 'running'),
  )
  return pod.metadata.name
}

async function untilPhase(one: Strike, deps: StrikeDeps, pod: string, phase: string): Promise<void> {
  const { cluster, namespace, over } = deps
  const reached = new AbortController()
  const look = (line: string): void => {
    if (line.startsWith('{') && line.includes(`"phase":"${phase}"`)) reached.abort()
  }
  await cluster
    .followLog({ namespace, name: pod, container: 'data' }, look, AbortSignal.any([reached.signal, over]))
    .catch((error: unknown) => {
      if (!reached.signal.aborted) throw error
    })
  if (!reached.signal.aborted) throw neverThere(one)
}

async function untilThere<T>(one: Strike, { over }: StrikeDeps, look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (over.aborted) throw neverThere(one)
    await sleep(LOOK_MS)
  }
}

function neverThere(one: Strike): Error {
  return new Error(`never came there: ${nameOf(one)}`)
}
