// The data plane as Kubernetes Jobs. The Job is the memory: whoever comes with the same id finds the same work, under way or done.
import { PawlError, isPawlError } from '../../core/errors.ts'
import type { DataProgress, DataTask, ResultOf, TaskOf } from '../../core/data/tasks.ts'
import type { Cluster, KubeObject } from '../../ports/cluster.ts'
import type { DataPlane, RunTaskOptions } from '../../ports/dataplane.ts'
import type { Clock } from '../../ports/world.ts'
import { CONTAINER, OPERATION_LABEL, jobFor, jobName, type JobSettings } from './manifest.ts'
import { LogReader, fromAnnotation, resultOf, saidHowItEnded, toAnnotation, type Outcome } from './outcome.ts'
import {
  NODE_GONE_MS,
  creationTrouble,
  deletionTrouble,
  stateOf,
  waitedFor,
  wordsOf,
  type PodState,
  type Trouble,
} from './pod.ts'
import { Waiting } from './waiting.ts'

/** On the Job: how the task ended. */
const OUTCOME = 'pawl.dev/outcome'
const LOOK_MS = 300
/** A log can lag behind the container's end, or be cut: it is read again this often before it counts as lost. */
const LOG_ATTEMPTS = 5
const LOG_PAUSE_MS = 1_000
/** A pod that is gone is looked for this long, because its end is told a moment later. */
const VANISHED_MS = 10_000

export interface JobPlaneOptions extends Omit<JobSettings, 'image'> {
  cluster: Cluster
  clock: Clock
  /** The data image for a PostgreSQL major; undefined where the task needs none. */
  image: (major: number | undefined) => string
}

export function jobDataPlane(options: JobPlaneOptions): DataPlane {
  const plane = new JobPlane(options)
  return {
    kind: 'jobs',
    run: async <K extends DataTask['kind']>(task: TaskOf<K>, runOptions: RunTaskOptions) =>
      (await plane.run(task as DataTask, runOptions)) as ResultOf<K>,
    discard: (id, signal) => plane.discard(id, signal),
  }
}

class JobPlane {
  readonly #options: JobPlaneOptions
  readonly #cluster: Cluster
  readonly #clock: Clock

  constructor(options: JobPlaneOptions) {
    this.#options = options
    this.#cluster = options.cluster
    this.#clock = options.clock
  }

  async run(task: DataTask, { id, serverMajor, onProgress, signal }: RunTaskOptions): Promise<unknown> {
    checkId(id)
    const job = await this.#ensureJob(task, id, serverMajor, signal)
    const kept = fromAnnotation(job.metadata.annotations?.[OUTCOME])
    if (kept !== undefined) return resultOf(kept)
    const pod = await this.#startedPod(job, id, onProgress, signal)
    return resultOf(await this.#finish(job, pod, onProgress, signal))
  }

  async discard(id: string, signal?: AbortSignal): Promise<void> {
    checkId(id)
    const job = this.#jobRef(id)
    // Foreground: the Job's name stays taken until its pods are gone, so that the id cannot be reused too early.
    await this.#cluster.remove(job, { propagation: 'Foreground' }, signal)
    await this.#cluster.remove({ ...job, apiVersion: 'v1', kind: 'ConfigMap' }, {}, signal)
    const startedAt = this.#clock.now().getTime()
    while ((await this.#cluster.get(job, signal)) !== undefined || (await this.#pods(id, signal)).length > 0)
      await this.#waitForEnd(id, startedAt, signal)
  }

  async #ensureJob(
    task: DataTask,
    id: string,
    serverMajor: number | undefined,
    signal?: AbortSignal,
  ): Promise<KubeObject> {
    const live = await this.#jobOrNothing(id, signal)
    if (live !== undefined) return checkTask(live, task)
    const { job, configMap } = jobFor(task, id, { ...this.#options, image: this.#options.image(serverMajor) })
    if (configMap !== undefined) await this.#createIfAbsent(configMap, signal)
    return checkTask(await this.#createIfAbsent(job, signal), task)
  }

  /**
   * The Job as it is; undefined where neither it nor any pod of it is there. Somebody may have deleted it while its pod works: that one
   * goes on for as long as it takes to end, and two must never do one task.
   */
  async #jobOrNothing(id: string, signal?: AbortSignal): Promise<KubeObject | undefined> {
    const startedAt = this.#clock.now().getTime()
    for (;;) {
      const before = await this.#cluster.get(this.#jobRef(id), signal)
      if (stands(before)) return before
      const pods = await this.#pods(id, signal)
      if (before === undefined && pods.length === 0) return undefined
      // Another waiter may have made the Job since: then these are its pods, and no orphans.
      const after = await this.#cluster.get(this.#jobRef(id), signal)
      if (stands(after)) return after
      for (const pod of pods) await this.#removeOrphan(pod, signal)
      await this.#waitForEnd(id, startedAt, signal)
    }
  }

  /** A pod whose Job was deleted without it would stay for ever. */
  async #removeOrphan({ metadata }: KubeObject, signal?: AbortSignal): Promise<void> {
    if (metadata.deletionTimestamp !== undefined) return
    const { name, namespace = '' } = metadata
    try {
      await this.#cluster.remove({ apiVersion: 'v1', kind: 'Pod', name, namespace }, {}, signal)
    } catch (error) {
      // Without the right to delete pods it is waited for.
      if (!isPawlError(error, 'cluster-refused')) throw error
    }
  }

  async #waitForEnd(id: string, startedAt: number, signal?: AbortSignal): Promise<void> {
    if (this.#clock.now().getTime() - startedAt > NODE_GONE_MS)
      throw failed(jobName(id), 'an earlier pod of it does not end: its node may not answer')
    await this.#clock.sleep(LOOK_MS, signal)
  }

  async #createIfAbsent(object: KubeObject, signal?: AbortSignal): Promise<KubeObject> {
    try {
      return await this.#cluster.create(object, {}, signal)
    } catch (error) {
      // Taken, or made although the answer was lost: what is there is it.
      const { name, namespace = '' } = object.metadata
      const mayBeThere = isPawlError(error, 'cluster-conflict') || isPawlError(error, 'cluster-unreachable')
      const live = mayBeThere
        ? await this.#cluster.get({ apiVersion: object.apiVersion, kind: object.kind, name, namespace }, signal)
        : undefined
      if (live === undefined) throw error
      return live
    }
  }

  /** Waits until the pod's container has started; throws `job-failed` where it will not. */
  async #startedPod(
    job: KubeObject,
    id: string,
    onProgress: ((progress: DataProgress) => void) | undefined,
    signal?: AbortSignal,
  ): Promise<KubeObject> {
    const { name } = job.metadata
    const waiting = new Waiting(this.#clock, onProgress)
    for (;;) {
      const pod = (await this.#pods(id, signal))[0]
      const end = pod === undefined ? await this.#endOfJob(id, signal) : undefined
      const events = await this.#events(pod ?? job, signal)
      const state = pod === undefined ? unmade(end ?? creationTrouble(events)) : stateOf(pod, events)
      if (pod !== undefined && (state.at === 'running' || state.at === 'ended')) return pod
      if (state.at === 'failed') throw failed(name, state.reason || 'its pod failed before it started')
      const trouble = state.at === 'waiting' ? state.trouble : undefined
      if (waiting.isOver(trouble)) throw failed(name, wordsOf(trouble), { reason: trouble.reason })
      waiting.tell(() => waitedFor(name, pod, state, events))
      await this.#clock.sleep(LOOK_MS, signal)
    }
  }

  /** Follows the log to its end and finds out what the task ended with. */
  async #finish(
    job: KubeObject,
    pod: KubeObject,
    onProgress: ((progress: DataProgress) => void) | undefined,
    signal?: AbortSignal,
  ): Promise<Outcome> {
    const { namespace = '', name } = pod.metadata
    let reader = new LogReader(onProgress)
    for (let attempt = 1; ; attempt += 1) {
      const current = reader
      await this.#cluster.followLog({ namespace, name, container: CONTAINER }, (line) => current.take(line), signal)
      const termination = await this.#termination(job, pod, signal)
      const outcome = reader.outcome(termination.message)
      if (outcome !== undefined) {
        await this.#keep(job, outcome, signal)
        return outcome
      }
      if (!saidHowItEnded(termination.message))
        throw failed(job.metadata.name, deathOf(termination, reader.lastWords), { exitCode: termination.exitCode })
      if (attempt === LOG_ATTEMPTS)
        throw failed(job.metadata.name, 'it says that it succeeded, but its log does not hold that result')
      await this.#clock.sleep(LOG_PAUSE_MS, signal)
      reader = new LogReader()
    }
  }

  /** The container's end. The kubelet reports it a moment after the log has ended. */
  async #termination(job: KubeObject, pod: KubeObject, signal?: AbortSignal) {
    const { namespace = '', name } = pod.metadata
    const waiting = new Waiting(this.#clock)
    for (;;) {
      const live = await this.#cluster.get({ apiVersion: 'v1', kind: 'Pod', namespace, name }, signal)
      const state = live === undefined ? undefined : stateOf(live, [])
      if (state?.at === 'ended') return state.termination
      if (state?.at === 'failed') throw failed(job.metadata.name, `its pod failed: ${state.reason}`)
      if (live === undefined || live.metadata.uid !== pod.metadata.uid) {
        throw failed(job.metadata.name, 'its pod was deleted before it said how it ended')
      }
      const lost = this.#lost(live)
      if (waiting.isOver(lost)) throw failed(job.metadata.name, lost.message)
      await this.#clock.sleep(LOOK_MS, signal)
    }
  }

  /**
   * Whoever followed the log has waited for a pod on a dead node already: one that was to be gone long ago gets a moment more, and
   * it does get one, because the clock that says so may not be the API server's.
   */
  #lost(pod: KubeObject): Trouble | undefined {
    const trouble = deletionTrouble(pod)
    if (trouble === undefined) return undefined
    const overdueMs = this.#clock.now().getTime() - Date.parse(pod.metadata.deletionTimestamp ?? '')
    return overdueMs > NODE_GONE_MS ? { ...trouble, patienceMs: VANISHED_MS } : trouble
  }

  /** So that the outcome survives the pod. Losing it is no harm as long as the pod is there: the next reader finds it again. */
  async #keep(job: KubeObject, outcome: Outcome, signal?: AbortSignal): Promise<void> {
    const text = toAnnotation(outcome)
    if (text === undefined) return
    const { name, namespace = '' } = job.metadata
    const body = { metadata: { annotations: { [OUTCOME]: text } } }
    try {
      await this.#cluster.patch(
        { apiVersion: 'batch/v1', kind: 'Job', name, namespace },
        { type: 'merge', body },
        {},
        signal,
      )
    } catch (error) {
      signal?.throwIfAborted()
      // The task has ended, whether or not that could be noted down.
      if (
        !isPawlError(error, 'cluster-conflict') &&
        !isPawlError(error, 'cluster-unreachable') &&
        !isPawlError(error, 'cluster-refused')
      )
        throw error
    }
  }

  /** Newest first. */
  async #pods(id: string, signal?: AbortSignal): Promise<KubeObject[]> {
    const query = {
      apiVersion: 'v1',
      kind: 'Pod',
      namespace: this.#options.namespace,
      labelSelector: `${OPERATION_LABEL}=${id}`,
    }
    const pods = await this.#cluster.list(query, signal)
    return pods.toSorted((a, b) =>
      (a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? 1 : -1,
    )
  }

  async #events(object: KubeObject, signal?: AbortSignal): Promise<KubeObject[]> {
    const { namespace = '', uid = '' } = object.metadata
    try {
      return await this.#cluster.list(
        { apiVersion: 'v1', kind: 'Event', namespace, fieldSelector: `involvedObject.uid=${uid}` },
        signal,
      )
    } catch (error) {
      // Without the right to read events a missing Secret is noticed later, by the caller's own limit.
      if (isPawlError(error, 'cluster-refused')) return []
      throw error
    }
  }

  /** Why the Job has ended without a pod to look at; undefined while it may still make one. */
  async #endOfJob(id: string, signal?: AbortSignal): Promise<Trouble | undefined> {
    const job = await this.#cluster.get(this.#jobRef(id), signal)
    if (job === undefined) throw failed(jobName(id), 'it was deleted')
    const { conditions = [] } = (job.status ?? {}) as {
      conditions?: { type: string; status: string; reason?: string; message?: string }[]
    }
    const end = conditions.find(
      ({ type, status }) => (type === 'Failed' || type === 'Complete' || type === 'Suspended') && status === 'True',
    )
    if (end === undefined) return undefined
    return {
      reason: end.reason ?? end.type,
      message: `its pod is gone. ${end.message ?? ''}`.trim(),
      patienceMs: VANISHED_MS,
    }
  }

  #jobRef(id: string): { apiVersion: string; kind: string; name: string; namespace: string } {
    return { apiVersion: 'batch/v1', kind: 'Job', name: jobName(id), namespace: this.#options.namespace }
  }
}

function unmade(trouble: Trouble | undefined): PodState {
  return trouble === undefined ? { at: 'waiting' } : { at: 'waiting', trouble }
}

function stands(job: KubeObject | undefined): job is KubeObject {
  return job !== undefined && job.metadata.deletionTimestamp === undefined
}

function checkId(id: string): void {
  if (/^[a-z0-9]([-a-z0-9]{0,48}[a-z0-9])?$/.test(id)) return
  throw new PawlError({ code: 'internal', message: `"${id}" cannot be the id of a task.` })
}

/** One id is one task for ever: a task of another kind under it would be given a result that means something else. */
function checkTask(job: KubeObject, task: DataTask): KubeObject {
  const found = job.metadata.labels?.['pawl.dev/task']
  if (found === task.kind) return job
  throw new PawlError({
    code: 'internal',
    message: `Job ${job.metadata.name} was made for a task "${found}", not for "${task.kind}".`,
  })
}

function failed(job: string, why: string, facts: Record<string, unknown> = {}): PawlError {
  return new PawlError({ code: 'job-failed', message: `Job ${job} failed: ${why}`, facts: { job, ...facts } })
}

function deathOf({ exitCode, reason }: { exitCode?: number; reason?: string }, lastWords: string): string {
  const how = `its container ended (${reason ?? 'unknown reason'}, exit code ${exitCode ?? 'unknown'}) without saying what came of the task`
  return lastWords === '' ? how : `${how}; last lines: ${lastWords}`
}
