import { expect, test } from 'vitest'
import type { RunSpec } from '../core/run/run.ts'
import type { KubeObject } from '../ports/cluster.ts'
import type { Clock } from '../ports/world.ts'
import { FakeCluster } from '../testing/cluster/fake-cluster.ts'
import { faulty } from '../testing/cluster/faults.ts'
import { createRun, listRuns, openJournal, readRun } from './journal.ts'

const clock: Clock = { now: () => new Date('2026-11-23T23:00:00Z'), sleep: () => Promise.resolve() }
const spec = { kind: 'backup', plan: { release: 'tally', namespace: 'shop' }, by: 'ann@laptop' } as unknown as RunSpec

async function world(): Promise<FakeCluster> {
  const cluster = new FakeCluster({ namespace: 'shop' })
  await createRun(cluster, 'tally-1', 'shop', spec)
  return cluster
}

test('entries are numbered, carry the fence, and are read back by anybody', async () => {
  const cluster = await world()
  const journal = await openJournal(cluster, clock, 'shop', 'tally-1', 3)
  await journal.append({ event: 'created', phase: 'PLANNED', by: 'ann' })
  await journal.append({ event: 'intent', step: 'capture', attempt: 1 })
  const { run, fence, phase } = await readRun(cluster, 'shop', 'tally-1')
  expect(run.events.map(({ seq, event, fence: by }) => [seq, event, by])).toEqual([
    [0, 'created', 3],
    [1, 'intent', 3],
  ])
  expect({ fence, phase }).toEqual({ fence: 3, phase: 'PLANNED' })
})

test('an older fence neither opens nor appends', async () => {
  const cluster = await world()
  const old = await openJournal(cluster, clock, 'shop', 'tally-1', 1)
  await old.append({ event: 'created', phase: 'PLANNED', by: 'ann' })
  const fresh = await openJournal(cluster, clock, 'shop', 'tally-1', 2)
  await fresh.append({ event: 'owned', holder: 'b' })
  await expect(old.append({ event: 'intent', step: 'capture', attempt: 1 })).rejects.toMatchObject({
    code: 'fence-lost',
  })
  await expect(openJournal(cluster, clock, 'shop', 'tally-1', 1)).rejects.toMatchObject({ code: 'fence-lost' })
  expect((await readRun(cluster, 'shop', 'tally-1')).run.events).toHaveLength(2)
})

test('a lost answer does not write an entry twice', async () => {
  const cluster = faulty(await world())
  const journal = await openJournal(cluster, clock, 'shop', 'tally-1', 1)
  cluster.inject({ when: (method) => method === 'replace', at: 1, fault: { how: 'answer-lost' } })
  await journal.append({ event: 'created', phase: 'PLANNED', by: 'ann' })
  await journal.append({ event: 'owned', holder: 'a' })
  expect((await readRun(cluster, 'shop', 'tally-1')).run.events.map(({ event }) => event)).toEqual(['created', 'owned'])
})

test('a write that never arrived is written again', async () => {
  const cluster = faulty(await world())
  const journal = await openJournal(cluster, clock, 'shop', 'tally-1', 1)
  cluster.inject({ when: (method) => method === 'replace', at: 1, fault: { how: 'fail-before' } })
  await journal.append({ event: 'created', phase: 'PLANNED', by: 'ann' })
  expect(journal.state.events).toBe(1)
})

test('two journals of one fence do not both get the same place', async () => {
  const cluster = await world()
  const one = await openJournal(cluster, clock, 'shop', 'tally-1', 1)
  const other = await openJournal(cluster, clock, 'shop', 'tally-1', 1)
  await one.append({ event: 'created', phase: 'PLANNED', by: 'ann' })
  await expect(other.append({ event: 'created', phase: 'PLANNED', by: 'bob' })).rejects.toMatchObject({
    code: 'fence-lost',
  })
})

test('runs are listed by release, oldest first', async () => {
  const cluster = await world()
  await createRun(cluster, 'tally-0', 'shop', spec)
  await createRun(cluster, 'other-1', 'shop', { ...spec, plan: { release: 'other' } } as unknown as RunSpec)
  expect((await listRuns(cluster, 'shop', 'tally')).map(({ run }) => run.name)).toEqual(['tally-0', 'tally-1'])
  await expect(readRun(cluster, 'shop', 'tally-9')).rejects.toMatchObject({ code: 'run-not-found' })
})

test('an earlier owner whose last entry arrives late does not stop the new owner', async () => {
  const cluster = await world()
  const old = await openJournal(cluster, clock, 'shop', 'tally-1', 1)
  const fresh = await openJournal(cluster, clock, 'shop', 'tally-1', 2)
  await old.append({ event: 'created', phase: 'PLANNED', by: 'ann' })
  await fresh.append({ event: 'owned', holder: 'b' })
  const { run } = await readRun(cluster, 'shop', 'tally-1')
  expect(run.events.map(({ event, seq, fence }) => [event, seq, fence])).toEqual([
    ['created', 0, 1],
    ['owned', 1, 2],
  ])
})

test('a run keeps how hard it may press; where an older definition drops that, nothing is begun', async () => {
  const pressing = { ...spec, effort: { jobs: 3, maxRate: 1 << 20 } } as RunSpec
  const cluster = new FakeCluster({ namespace: 'shop' })
  await createRun(cluster, 'tally-1', 'shop', pressing)
  expect((await readRun(cluster, 'shop', 'tally-1')).run.spec).toEqual(pressing)

  class Older extends FakeCluster {
    override async create(object: KubeObject): Promise<KubeObject> {
      const { effort: _, ...known } = object.spec as { effort?: object }
      return await super.create({ ...object, spec: known })
    }
  }
  const older = new Older({ namespace: 'shop' })
  await expect(createRun(older, 'tally-2', 'shop', pressing)).rejects.toMatchObject({
    code: 'not-initialised',
    message: expect.stringContaining('does not know effort'),
  })
  expect(await listRuns(older, 'shop', 'tally')).toEqual([])
  await createRun(older, 'tally-3', 'shop', { ...spec, effort: {} })
})
