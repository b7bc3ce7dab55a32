import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { DataTask } from '../../core/data/tasks.ts'
import { PawlError, isPawlError } from '../../core/errors.ts'
import type { Cluster, KubeObject } from '../../ports/cluster.ts'
import type { DataPlane } from '../../ports/dataplane.ts'
import { FakeCluster } from '../../testing/cluster/fake-cluster.ts'
import { endWell, onFakeJob, runFakeJobs, setContainerState } from '../../testing/cluster/fake-jobs.ts'
import { faulty, type FaultPlan } from '../../testing/cluster/faults.ts'
import { quickClock } from '../../testing/cluster/quick-clock.ts'
import { jobDataPlane } from './index.ts'

const NAMESPACE = 'carto'
const TASK: DataTask = { kind: 'check-store', store: { type: 'volume', claim: 'backups' } }
const RESULT = { createOnly: true, freeBytes: 5 }

function setUp(...plans: FaultPlan[]) {
  const memory = new FakeCluster()
  const clock = quickClock()
  const cluster = faulty(memory, ...plans)
  const plane = jobDataPlane({ cluster, clock, namespace: NAMESPACE, image: (major) => `data:${major ?? 'any'}` })
  return { memory, cluster, plane, clock }
}

async function errorOf(work: Promise<unknown>): Promise<PawlError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!isPawlError(error)) throw new Error(`expected a PawlError, got ${String(error)}`)
  return error
}

function jobIn(memory: FakeCluster): KubeObject {
  const job = Object.values(memory.snapshot()).find(({ kind }) => kind === 'Job')
  if (job === undefined) throw new Error('there is no Job')
  return job
}

test("a task runs as a Job; progress arrives in order, and the result is the container's", async () => {
  const { memory, plane } = setUp()
  const seen: unknown[] = []
  runFakeJobs(memory, async (task, { progress, print }) => {
    progress({ phase: 'look', note: task.kind })
    print('some other program: {not ours}')
    progress({ phase: 'write', bytes: 7 })
    return RESULT
  })
  const result = await plane.run(TASK, { id: 'c1', serverMajor: 15, onProgress: (progress) => seen.push(progress) })
  expect(result).toEqual(RESULT)
  expect(seen).toEqual([
    { phase: 'look', note: 'check-store' },
    { phase: 'write', bytes: 7 },
  ])
  expect(jobIn(memory)).toMatchObject({
    metadata: { name: 'pawl-c1' },
    spec: { template: { spec: { containers: [{ image: 'data:15' }] } } },
  })
})

test('the same id again does nothing again: it gives the same result, also when the pod is gone', async () => {
  const { memory, plane } = setUp()
  let times = 0
  runFakeJobs(memory, async () => {
    times += 1
    return RESULT
  })
  const both = await Promise.all([plane.run(TASK, { id: 'c1' }), plane.run(TASK, { id: 'c1' })])
  expect(both).toEqual([RESULT, RESULT])
  await memory.remove({ apiVersion: 'v1', kind: 'Pod', namespace: NAMESPACE, name: 'pawl-c1-x7k2p' })
  expect(await plane.run(TASK, { id: 'c1' })).toEqual(RESULT)
  expect(times).toBe(1)
})

test('one id is never used for another kind of task', async () => {
  const { memory, plane } = setUp()
  runFakeJobs(memory, async () => RESULT)
  await plane.run(TASK, { id: 'c1' })
  const other: DataTask = { kind: 'observe', databases: [] }
  expect((await errorOf(plane.run(other, { id: 'c1' }))).code).toBe('internal')
})

test('a failure arrives with its code, message and facts, and so it does the second time', async () => {
  const { memory, plane } = setUp()
  runFakeJobs(memory, async () => {
    throw new PawlError({
      code: 'store-full',
      message: 'no room',
      facts: { freeBytes: 3 },
      unchanged: 'nothing was written',
    })
  })
  for (const _time of [1, 2]) {
    const error = await errorOf(plane.run(TASK, { id: 'c1' }))
    expect([error.code, error.message, error.facts, error.unchanged]).toEqual([
      'store-full',
      'no room',
      { freeBytes: 3 },
      'nothing was written',
    ])
  }
})

test('an answer that is lost when the Job is made does not make a second one', async () => {
  const { memory, plane } = setUp({ when: (method) => method === 'create', at: 1, fault: { how: 'answer-lost' } })
  let times = 0
  runFakeJobs(memory, async () => {
    times += 1
    return RESULT
  })
  expect(await plane.run(TASK, { id: 'c1' })).toEqual(RESULT)
  expect(times).toBe(1)
})

test('a result counts although it could not be noted down', async () => {
  const { memory, plane } = setUp({ when: (method) => method === 'patch', fault: { how: 'fail-before' } })
  runFakeJobs(memory, async () => RESULT)
  expect(await plane.run(TASK, { id: 'c1' })).toEqual(RESULT)
})

test('a log that holds another result than the container says is read again, and then refused', async () => {
  const { memory, plane, cluster } = setUp()
  onFakeJob(memory, (_job, pod) => {
    const log = memory.log({ ...pod, container: 'data' })
    log.write('{"t":"result","sha256":"00","result":{"createOnly":tru')
    setContainerState(memory, pod, 'Succeeded', {
      terminated: { exitCode: 0, message: JSON.stringify({ ok: true, sha256: '00' }) },
    })
    log.end()
  })
  const error = await errorOf(plane.run(TASK, { id: 'c1' }))
  expect([error.code, error.message]).toEqual([
    'job-failed',
    expect.stringContaining('its log does not hold that result'),
  ])
  expect(cluster.calls.filter(({ method }) => method === 'followLog')).toHaveLength(5)
})

test('a result that was cut at first and is whole later counts', async () => {
  const { memory, plane, cluster } = setUp()
  let reads = 0
  onFakeJob(memory, (_job, pod) => {
    setContainerState(memory, pod, 'Running', { running: {} })
    endWell(memory, pod, RESULT)
  })
  const follow = cluster.followLog
  cluster.followLog = async (pod, onLine, signal) => {
    reads += 1
    await follow(pod, (line) => onLine(reads === 1 ? line.slice(0, 20) : line), signal)
  }
  expect(await plane.run(TASK, { id: 'c1' })).toEqual(RESULT)
  expect(reads).toBe(2)
})

test('a container that dies without a word is a failure with its last lines', async () => {
  const { memory, plane } = setUp()
  onFakeJob(memory, (_job, pod) => {
    const log = memory.log({ ...pod, container: 'data' })
    log.write('{"t":"progress","phase":"dump"}', 'pg_dump: out of memory')
    setContainerState(memory, pod, 'Failed', { terminated: { exitCode: 137, reason: 'OOMKilled' } })
    log.end()
  })
  const error = await errorOf(plane.run(TASK, { id: 'c1' }))
  expect(error.code).toBe('job-failed')
  expect(error.message).toContain('OOMKilled, exit code 137')
  expect(error.message).toContain('pg_dump: out of memory')
})

test('a pod that is deleted while it works is a failure, not a wait for ever', async () => {
  const { memory, plane } = setUp()
  onFakeJob(memory, (_job, pod) => {
    setContainerState(memory, pod, 'Running', { running: {} })
    setTimeout(() => void memory.remove({ apiVersion: 'v1', kind: 'Pod', ...pod }), 5)
  })
  expect((await errorOf(plane.run(TASK, { id: 'c1' }))).message).toContain('its pod was deleted')
})

test('an abort stops the waiting, not the work', async () => {
  const { memory, plane } = setUp()
  let release: (value: unknown) => void = () => {}
  runFakeJobs(memory, () => new Promise((resolve) => (release = resolve)))
  const stop = new AbortController()
  const waiting = plane.run(TASK, { id: 'c1', signal: stop.signal })
  setTimeout(() => stop.abort(new Error('enough')), 10)
  await expect(waiting).rejects.toThrow('enough')
  expect(jobIn(memory).metadata.name).toBe('pawl-c1')
  const again = plane.run(TASK, { id: 'c1' })
  release(RESULT)
  expect(await again).toEqual(RESULT)
})

/** What is left of a Job that somebody has deleted: its pod, which takes its time to end. */
async function deletedWithItsPodAtWork(memory: FakeCluster, plane: DataPlane): Promise<() => Promise<void>> {
  const pod = { apiVersion: 'v1', kind: 'Pod', namespace: NAMESPACE, name: 'pawl-c1-first' }
  const metadata = { name: pod.name, namespace: NAMESPACE, labels: { 'pawl.dev/op': 'c1' } }
  const stopped = new AbortController()
  const first = plane.run(TASK, { id: 'c1', signal: stopped.signal }).catch(() => undefined)
  while (Object.keys(memory.snapshot()).length === 0) await setImmediate()
  stopped.abort()
  await first
  memory.seed({ apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, finalizers: ['test/at-work'] } })
  await memory.remove({ apiVersion: 'batch/v1', kind: 'Job', namespace: NAMESPACE, name: 'pawl-c1' })
  return async () => void (await memory.patch(pod, { type: 'merge', body: { metadata: { finalizers: [] } } }))
}

test('a Job that another waiter makes meanwhile is attached to, and its pod is no orphan', async () => {
  const { memory, cluster, plane, clock } = setUp()
  runFakeJobs(memory, async () => RESULT)
  let first: Promise<unknown> | undefined
  const hesitant: Cluster = {
    ...cluster,
    get: async (ref, signal) => {
      const found = await cluster.get(ref, signal)
      if (first !== undefined) return found
      first = plane.run(TASK, { id: 'c1' })
      while (!Object.values(memory.snapshot()).some(({ kind }) => kind === 'Pod')) await setImmediate()
      return found
    },
  }
  const second = jobDataPlane({ cluster: hesitant, clock, namespace: NAMESPACE, image: () => 'data:any' })
  expect(await second.run(TASK, { id: 'c1' })).toEqual(RESULT)
  expect(await first).toEqual(RESULT)
  expect(Object.values(memory.snapshot()).map(({ kind }) => kind)).toContain('Pod')
})

test('of a Job that was deleted nothing works any more before it is made again', async () => {
  const { memory, plane } = setUp()
  const end = await deletedWithItsPodAtWork(memory, plane)
  let atWork = true
  const seen: boolean[] = []
  runFakeJobs(memory, async () => {
    seen.push(atWork)
    return RESULT
  })
  const again = plane.run(TASK, { id: 'c1' })
  for (let turn = 0; turn < 100; turn++) await setImmediate()
  expect(memory.snapshot()[`v1|Pod|${NAMESPACE}|pawl-c1-first`]?.metadata.deletionTimestamp).toBeDefined()
  atWork = false
  await end()
  expect(await again).toEqual(RESULT)
  expect(seen).toEqual([false])
})

test('a pod that does not end is said, and no second one is started', async () => {
  const { memory, plane } = setUp()
  await deletedWithItsPodAtWork(memory, plane)
  for (const error of await Promise.all([errorOf(plane.run(TASK, { id: 'c1' })), errorOf(plane.discard('c1'))]))
    expect([error.code, error.message]).toEqual(['job-failed', expect.stringContaining('an earlier pod')])
  expect(Object.values(memory.snapshot()).map(({ kind }) => kind)).toEqual(['Pod'])
})

test('discard takes everything away, twice as well as once, and frees the id', async () => {
  const { memory, plane } = setUp()
  runFakeJobs(memory, async () => RESULT)
  const large: DataTask = { ...TASK, store: { type: 'volume', claim: 'x'.repeat(120_000) } }
  await plane.run(large, { id: 'c1' })
  expect(
    Object.values(memory.snapshot())
      .map(({ kind }) => kind)
      .toSorted(),
  ).toEqual(['ConfigMap', 'Job', 'Pod'])
  await plane.discard('c1')
  expect(memory.snapshot()).toEqual({})
  await plane.discard('c1')
  expect(await plane.run(TASK, { id: 'c1' })).toEqual(RESULT)
})

test('an id that cannot be a name is refused before anything is made', async () => {
  const { memory, plane } = setUp()
  for (const id of ['', 'Upper', 'under_score', '-dash', 'x'.repeat(51)])
    expect((await errorOf(plane.run(TASK, { id }))).code).toBe('internal')
  expect(memory.snapshot()).toEqual({})
})
