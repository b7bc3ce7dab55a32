// The part of Kubernetes that runs Pawl's own Jobs, for the in-memory cluster: a pod per Job, its log, its termination message.
import { createHash } from 'node:crypto'
import { reportOf } from '../../core/errors.ts'
import type { DataProgress, DataTask } from '../../core/data/tasks.ts'
import type { KubeObject } from '../../ports/cluster.ts'
import type { FakeCluster } from './fake-cluster.ts'

export interface FakeJobContext {
  job: KubeObject
  pod: { namespace: string; name: string }
  progress(progress: DataProgress): void
  /** A line that is no message. */
  print(line: string): void
}

/** Does the task: returns its result, or throws what the container reports. */
export type FakeTaskHandler = (task: DataTask, context: FakeJobContext) => Promise<unknown>

const CONTAINER = 'data'

/** Runs every Job that Pawl makes from now on. Returns how to stop. */
export function runFakeJobs(cluster: FakeCluster, handle: FakeTaskHandler): () => void {
  return cluster.onChange(({ type, object }) => {
    if (type === 'added' && object.kind === 'Job' && object.metadata.labels?.['pawl.dev/task'] !== undefined)
      void perform(cluster, object, handle)
  })
}

/** Lets a test play the Job controller by hand. */
export function onFakeJob(
  cluster: FakeCluster,
  act: (job: KubeObject, pod: { namespace: string; name: string }) => void,
): void {
  cluster.onChange(({ type, object }) => {
    if (type === 'added' && object.kind === 'Job') act(object, fakePodOf(cluster, object))
  })
}

/** The pod of a Job as its controller would make it, not started yet. */
export function fakePodOf(cluster: FakeCluster, job: KubeObject): { namespace: string; name: string } {
  const { name, namespace = '', uid = '' } = job.metadata
  const template = (job.spec as { template: { metadata?: { labels?: Record<string, string> }; spec: unknown } })
    .template
  const pod = { namespace, name: `${name}-x7k2p` }
  cluster.seed({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...pod,
      labels: { ...template.metadata?.labels, 'batch.kubernetes.io/job-name': name },
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name, uid, controller: true }],
    },
    spec: template.spec,
    status: { phase: 'Pending', containerStatuses: [] },
  })
  return pod
}

export function setContainerState(
  cluster: FakeCluster,
  pod: { namespace: string; name: string },
  phase: string,
  state: Record<string, unknown>,
): void {
  cluster.setStatus(
    { apiVersion: 'v1', kind: 'Pod', ...pod },
    { phase, containerStatuses: [{ name: CONTAINER, restartCount: 0, state }] },
  )
}

/** Writes the lines and the termination message of a task that succeeded. */
export function endWell(cluster: FakeCluster, pod: { namespace: string; name: string }, result: unknown): void {
  const hash = createHash('sha256').update(JSON.stringify(result)).digest('hex')
  cluster.log({ ...pod, container: CONTAINER }).write(JSON.stringify({ t: 'result', sha256: hash, result }))
  end(cluster, pod, 0, { ok: true, sha256: hash })
}

export function endBadly(cluster: FakeCluster, pod: { namespace: string; name: string }, error: unknown): void {
  const report = reportOf(error)
  cluster.log({ ...pod, container: CONTAINER }).write(JSON.stringify({ t: 'error', report }))
  end(cluster, pod, 1, { ok: false, code: report.code, message: report.message })
}

function end(cluster: FakeCluster, pod: { namespace: string; name: string }, exitCode: number, message: unknown): void {
  const terminated = { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', message: JSON.stringify(message) }
  setContainerState(cluster, pod, exitCode === 0 ? 'Succeeded' : 'Failed', { terminated })
  cluster.log({ ...pod, container: CONTAINER }).end()
}

async function perform(cluster: FakeCluster, job: KubeObject, handle: FakeTaskHandler): Promise<void> {
  const pod = fakePodOf(cluster, job)
  setContainerState(cluster, pod, 'Running', { running: {} })
  const log = cluster.log({ ...pod, container: CONTAINER })
  const context: FakeJobContext = {
    job,
    pod,
    progress: (progress) => log.write(JSON.stringify({ t: 'progress', ...progress })),
    print: (line) => log.write(line),
  }
  const task = await taskOf(cluster, job)
  const outcome = await handle(task, context).then(
    (result) => ({ result }),
    (error: unknown) => ({ error }),
  )
  if ((await cluster.get({ apiVersion: 'v1', kind: 'Pod', ...pod })) === undefined) return
  if ('error' in outcome) endBadly(cluster, pod, outcome.error)
  else endWell(cluster, pod, outcome.result)
}

async function taskOf(cluster: FakeCluster, job: KubeObject): Promise<DataTask> {
  const { containers } = (
    job.spec as { template: { spec: { containers: { env?: { name: string; value?: string }[] }[] } } }
  ).template.spec
  const inline = containers[0]?.env?.find(({ name }) => name === 'PAWL_TASK')?.value
  // As the kubelet reads it: two dollar signs are one.
  if (inline !== undefined) return JSON.parse(inline.replaceAll('$$', () => '$')) as DataTask
  const { name, namespace = '' } = job.metadata
  const held = await cluster.get({ apiVersion: 'v1', kind: 'ConfigMap', name, namespace })
  return JSON.parse((held?.data as Record<string, string>)['task.json'] ?? '') as DataTask
}
