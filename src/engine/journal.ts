// The journal on the Run resource: append by compare and swap, refused to whoever holds an older fence than the journal has seen.
import { PawlError, isPawlError } from '../core/errors.ts'
import { canonicalJson, isRecord, recordOf } from '../core/json.ts'
import { API_VERSION, parseRun, runObject, type RunResource } from '../core/resources.ts'
import { fold } from '../core/run/fold.ts'
import type { Run, RunEvent, RunSpec, RunState } from '../core/run/run.ts'
import type { Cluster } from '../ports/cluster.ts'
import type { Clock } from '../ports/world.ts'

type WithoutFrame<E> = E extends RunEvent ? Omit<E, 'seq' | 'at' | 'fence'> : never
/** A journal entry before it has its number, time and fence. */
export type NewEvent = WithoutFrame<RunEvent>

const APPEND_TRIES = 6
const RUN = { apiVersion: API_VERSION, kind: 'Run' }

export interface Journal {
  readonly run: Run
  readonly state: RunState
  /** Throws `fence-lost` where somebody else owns the run now. Once it returns, the entry is durable. */
  append(event: NewEvent, signal?: AbortSignal): Promise<RunState>
}

export async function readRun(
  cluster: Cluster,
  namespace: string,
  name: string,
  signal?: AbortSignal,
): Promise<RunResource> {
  const object = await cluster.get({ ...RUN, namespace, name }, signal)
  if (object === undefined) {
    throw new PawlError({
      code: 'run-not-found',
      message: `there is no run ${name} in namespace ${namespace}`,
      facts: { namespace },
    })
  }
  return parseRun(object)
}

/**
 * Creates the Run; its journal begins with the first append of whoever owns it. Throws `not-initialised` where the definition that the
 * cluster has is an older Pawl's: the API server drops what that does not know without a word, and the run would not keep to it.
 */
export async function createRun(cluster: Cluster, name: string, namespace: string, spec: RunSpec): Promise<void> {
  const made = await cluster.create(runObject({ run: { name, namespace, spec, createdAt: '', events: [] }, fence: 0 }))
  const stored = recordOf(made['spec'])
  const dropped = Object.entries(spec).flatMap(([field, value]) =>
    field in stored || value === undefined || isEmpty(value) ? [] : [field],
  )
  if (dropped.length === 0) return
  const { uid } = made.metadata
  await cluster.remove({ ...RUN, namespace, name }, uid === undefined ? {} : { uid })
  throw new PawlError({
    code: 'not-initialised',
    message: `the definition of ${RUN.kind} in this cluster comes from an older Pawl and does not know ${dropped.join(', ')}`,
    hint: 'Let "pawl init" run once more, by somebody who may change resource definitions (or apply those of the chart), then repeat.',
    unchanged: 'Nothing was begun.',
  })
}

function isEmpty(value: unknown): boolean {
  return isRecord(value) && Object.keys(value).length === 0
}

/** Every run of a release, oldest first. */
export async function listRuns(
  cluster: Cluster,
  namespace: string,
  release: string,
  signal?: AbortSignal,
): Promise<RunResource[]> {
  const objects = await cluster.list({ ...RUN, namespace, labelSelector: `pawl.dev/release=${release}` }, signal)
  return objects.map(parseRun).toSorted((a, b) => (a.run.name < b.run.name ? -1 : 1))
}

export async function openJournal(
  cluster: Cluster,
  clock: Clock,
  namespace: string,
  name: string,
  fence: number,
): Promise<Journal> {
  let resource = await readRun(cluster, namespace, name)
  let state = fold(resource.run.events)
  refuseOlderFence(resource, fence)
  return {
    get run() {
      return resource.run
    },
    get state() {
      return state
    },
    async append(event, signal) {
      const entry = { seq: resource.run.events.length, at: clock.now().toISOString(), fence, ...event } as RunEvent
      resource = await appendByCompareAndSwap(cluster, clock, resource, entry, signal)
      state = fold(resource.run.events)
      return state
    },
  }
}

async function appendByCompareAndSwap(
  cluster: Cluster,
  clock: Clock,
  known: RunResource,
  wanted: RunEvent,
  signal: AbortSignal | undefined,
): Promise<RunResource> {
  let resource = known
  let entry = wanted
  for (let attempt = 1; ; attempt += 1) {
    const events = [...resource.run.events, entry]
    const next: RunResource = {
      ...resource,
      run: { ...resource.run, events },
      fence: entry.fence,
      phase: fold(events).phase,
    }
    try {
      const stored = await cluster.replace(runObject(next), { subresource: 'status' }, signal)
      return parseRun(stored)
    } catch (error) {
      if (attempt >= APPEND_TRIES || !mayHaveBeenRace(error)) throw error
      await clock.sleep(100 * 2 ** attempt, signal)
    }
    resource = await readRun(cluster, known.run.namespace, known.run.name, signal)
    refuseOlderFence(resource, entry.fence)
    const already = resource.run.events[entry.seq]
    if (already === undefined) continue
    // The write arrived and only its answer was lost.
    if (canonicalJson(already) === canonicalJson(entry)) return resource
    if (already.fence >= entry.fence) throw fenceLost(resource)
    // An earlier owner's last entry arrived after all: ours comes behind it.
    entry = { ...entry, seq: resource.run.events.length }
  }
}

function mayHaveBeenRace(error: unknown): boolean {
  return isPawlError(error, 'cluster-conflict') || isPawlError(error, 'cluster-unreachable')
}

function refuseOlderFence(resource: RunResource, fence: number): void {
  if (resource.fence > fence) throw fenceLost(resource)
}

function fenceLost(resource: RunResource): PawlError {
  const { name, namespace, spec } = resource.run
  return new PawlError({
    code: 'fence-lost',
    message: `run ${name} was taken over by another process (fence ${resource.fence})`,
    facts: { run: name, namespace, release: spec.plan.release },
  })
}
