import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { DataProgress, DataTask } from '../../core/data/tasks.ts'
import { type PawlError, isPawlError } from '../../core/errors.ts'
import type { KubeObject, ObjectMeta } from '../../ports/cluster.ts'
import type { Clock } from '../../ports/world.ts'
import { FakeCluster } from '../../testing/cluster/fake-cluster.ts'
import { endWell, fakePodOf, onFakeJob, setContainerState } from '../../testing/cluster/fake-jobs.ts'
import { faulty } from '../../testing/cluster/faults.ts'
import { quickClock } from '../../testing/cluster/quick-clock.ts'
import { jobDataPlane } from './index.ts'

const NAMESPACE = 'carto'
const TASK: DataTask = { kind: 'check-store', store: { type: 'volume', claim: 'backups' } }
const RESULT = { createOnly: true, freeBytes: 5 }

function setUp() {
  const memory = new FakeCluster()
  const clock = quickClock()
  const cluster = faulty(memory)
  return {
    memory,
    clock,
    cluster,
    plane: jobDataPlane({ cluster, clock, namespace: NAMESPACE, image: () => 'data:any' }),
  }
}

async function errorOf(work: Promise<unknown>): Promise<PawlError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!isPawlError(error)) throw new Error(`expected a PawlError, got ${String(error)}`)
  return error
}

const POD = `v1|Pod|${NAMESPACE}|pawl-c1-x7k2p`

function seedEvent(memory: FakeCluster, reason: string, message: string, second = 0): void {
  const event = {
    reason,
    message,
    involvedObject: { uid: memory.snapshot()[POD]?.metadata.uid },
    lastTimestamp: `2026-11-23T17:00:0${second}Z`,
  }
  const name = `event-${reason.toLowerCase()}`
  memory.seed({ apiVersion: 'v1', kind: 'Event', metadata: { name, namespace: NAMESPACE }, ...event })
}

const TROUBLES: [string, Record<string, unknown>, string | undefined, string, number][] = [
  [
    'image',
    {
      containerStatuses: [
        { name: 'data', state: { waiting: { reason: 'ImagePullBackOff', message: 'no such image' } } },
      ],
    },
    undefined,
    'ImagePullBackOff: no such image',
    1,
  ],
  [
    'missing key',
    {
      containerStatuses: [
        {
          name: 'data',
          state: { waiting: { reason: 'CreateContainerConfigError', message: 'secret "db" not found' } },
        },
      ],
    },
    undefined,
    'secret "db" not found',
    5,
  ],
  [
    'no node',
    { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes' }] },
    undefined,
    'Unschedulable: 0/1 nodes',
    61,
  ],
  [
    'mount',
    { containerStatuses: [{ name: 'data', state: { waiting: { reason: 'ContainerCreating' } } }] },
    'references non-existent secret key: nope',
    'non-existent secret key',
    12,
  ],
]
for (const [name, status, eventMessage, expected, withinSeconds] of TROUBLES) {
  test(`a pod that cannot start is said promptly, with its own reason: ${name}`, async () => {
    const { memory, plane, clock } = setUp()
    onFakeJob(memory, (_job, pod) => {
      memory.setStatus({ apiVersion: 'v1', kind: 'Pod', ...pod }, { phase: 'Pending', ...status })
      if (eventMessage === undefined) return
      seedEvent(memory, 'FailedMount', eventMessage)
    })
    const before = clock.now().getTime()
    const error = await errorOf(plane.run(TASK, { id: 'c1' }))
    expect(error.code).toBe('job-failed')
    expect(error.message).toContain(expected)
    expect((clock.now().getTime() - before) / 1000).toBeLessThanOrEqual(withinSeconds)
  })
}

test('a trouble that passes is none', async () => {
  const { memory, plane } = setUp()
  onFakeJob(memory, (_job, pod) => {
    const conditions = [
      { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'waiting for a node' },
    ]
    memory.setStatus({ apiVersion: 'v1', kind: 'Pod', ...pod }, { phase: 'Pending', conditions })
    setTimeout(() => {
      setContainerState(memory, pod, 'Running', { running: {} })
      endWell(memory, pod, RESULT)
    }, 1)
  })
  expect(await plane.run(TASK, { id: 'c1' })).toEqual(RESULT)
})

test('a mount that failed at first is none, however long the image takes', async () => {
  const { memory, plane, clock } = setUp()
  const before = clock.now().getTime()
  onFakeJob(memory, (_job, pod) => {
    setContainerState(memory, pod, 'Pending', { waiting: { reason: 'ContainerCreating' } })
    seedEvent(memory, 'FailedMount', 'driver name x not found in the list of registered CSI drivers')
    seedEvent(memory, 'Pulling', 'Pulling image "data:any"', 2)
  })
  // By then it would have been given up.
  const onProgress = (): void => {
    if (clock.now().getTime() - before < 90_000) return
    const pod = { namespace: NAMESPACE, name: 'pawl-c1-x7k2p' }
    setContainerState(memory, pod, 'Running', { running: {} })
    endWell(memory, pod, RESULT)
  }
  expect(await plane.run(TASK, { id: 'c1', onProgress })).toEqual(RESULT)
})

/** As the API says it of a pod whose node has died: it is to go, and nothing ever comes of it. */
function markDeleted(
  memory: FakeCluster,
  deletion: Pick<ObjectMeta, 'deletionTimestamp' | 'deletionGracePeriodSeconds'>,
): void {
  const pod = memory.snapshot()[POD] as KubeObject
  memory.seed({ ...pod, metadata: { ...pod.metadata, ...deletion } })
}

async function secondsUntil(clock: Clock, work: Promise<unknown>): Promise<number> {
  const before = clock.now().getTime()
  await work
  return (clock.now().getTime() - before) / 1000
}

test('a pod whose node dies before it has started is given up, after its grace and some minutes', async () => {
  const { memory, plane, clock } = setUp()
  onFakeJob(memory, (_job, pod) => {
    setContainerState(memory, pod, 'Pending', { waiting: { reason: 'ContainerCreating' } })
    markDeleted(memory, { deletionTimestamp: '2026-11-23T17:00:30Z', deletionGracePeriodSeconds: 30 })
  })
  const running = errorOf(plane.run(TASK, { id: 'c1' }))
  const seconds = await secondsUntil(clock, running)
  expect((await running).code).toBe('job-failed')
  expect((await running).message).toContain('its node may not answer')
  expect(Math.round(seconds)).toBe(330)
})

for (const [name, deletionTimestamp, expected] of [
  ['that has only begun to go is waited for', '2026-11-23T17:00:30Z', 330],
  ['that was to be gone long ago is not waited for twice', '2026-11-23T16:54:00Z', 10],
] as const) {
  test(`after the end of its log, a pod ${name}`, async () => {
    const { memory, cluster, plane, clock } = setUp()
    onFakeJob(memory, (_job, pod) => {
      setContainerState(memory, pod, 'Running', { running: {} })
      markDeleted(memory, { deletionTimestamp, deletionGracePeriodSeconds: 30 })
    })
    cluster.followLog = async () => {}
    const running = errorOf(plane.run(TASK, { id: 'c1' }))
    const seconds = await secondsUntil(clock, running)
    expect((await running).code).toBe('job-failed')
    expect((await running).message).toContain('its node may not answer')
    expect(Math.round(seconds)).toBe(expected)
  })
}

/** The note that is given next, once the cluster is as `act` makes it. */
async function noteAfter(notes: DataProgress[], act: () => void): Promise<DataProgress | undefined> {
  act()
  // What is on its way may be of before.
  const from = notes.length + 1
  for (let turn = 0; notes.length <= from && turn < 10_000; turn += 1) await setImmediate()
  return notes[from]
}

test("what a pod waits for is said again and again, in the cluster's own words", async () => {
  const { memory, plane, clock } = setUp()
  const notes: DataProgress[] = []
  const at: number[] = []
  const onProgress = (progress: DataProgress): void => {
    notes.push(progress)
    at.push(clock.now().getTime() / 1000)
  }
  const running = plane.run(TASK, { id: 'c1', onProgress })
  const wait = (note: string): DataProgress => ({ phase: 'wait', note })
  expect(await noteAfter(notes, () => {})).toEqual(wait('a pod for Job pawl-c1'))

  let pod = { namespace: '', name: '' }
  const make = (): void => {
    const job = Object.values(memory.snapshot()).find(({ kind }) => kind === 'Job') as KubeObject
    pod = fakePodOf(memory, job)
  }
  expect(await noteAfter(notes, make)).toEqual(wait('pod pawl-c1-x7k2p to start: not scheduled'))

  const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes' }]
  const unschedulable = (): void =>
    memory.setStatus({ apiVersion: 'v1', kind: 'Pod', ...pod }, { phase: 'Pending', conditions })
  expect(await noteAfter(notes, unschedulable)).toEqual(wait('pod pawl-c1-x7k2p to start: Unschedulable: 0/3 nodes'))

  const creating = (): void => setContainerState(memory, pod, 'Pending', { waiting: { reason: 'ContainerCreating' } })
  expect(await noteAfter(notes, creating)).toEqual(wait('pod pawl-c1-x7k2p to start: ContainerCreating'))

  const pulling = (): void => seedEvent(memory, 'Pulling', 'Pulling image "data:any"')
  expect(await noteAfter(notes, pulling)).toEqual(wait('pod pawl-c1-x7k2p to start: Pulling: Pulling image "data:any"'))
  const refused = (): void =>
    setContainerState(memory, pod, 'Pending', { waiting: { reason: 'ErrImagePull', message: 'no route to registry' } })
  expect(await noteAfter(notes, refused)).toEqual(
    wait('pod pawl-c1-x7k2p to start: ErrImagePull: no route to registry'),
  )

  const gaps = at.slice(1).map((second, place) => second - (at[place] ?? 0))
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(10)
  expect(Math.max(...gaps)).toBeLessThan(11)
  setContainerState(memory, pod, 'Running', { running: {} })
  endWell(memory, pod, RESULT)
  expect(await running).toEqual(RESULT)
})

test('of a pod that starts at once nothing is said', async () => {
  const { memory, plane } = setUp()
  onFakeJob(memory, (_job, pod) => {
    setContainerState(memory, pod, 'Running', { running: {} })
    endWell(memory, pod, RESULT)
  })
  const notes: DataProgress[] = []
  await plane.run(TASK, { id: 'c1', onProgress: (progress) => notes.push(progress) })
  expect(notes).toEqual([])
})
