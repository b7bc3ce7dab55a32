import { expect, test } from 'vitest'
import { PawlError } from '../../core/errors.ts'
import { backupSetObject, type BackupSet } from '../../core/resources.ts'
import type { RunState } from '../../core/run/run.ts'
import type { KubeObject } from '../../ports/cluster.ts'
import { FakeCluster } from '../../testing/cluster/fake-cluster.ts'
import { readSet } from '../backup/index.ts'
import type { StepContext } from '../step.ts'
import { notedRehearsal, noteRehearsal, rehearsalOf } from './rehearsal.ts'

const NAME = '20260101-120000-abcd'
const RUN = 'toy-20260102-120000-wxyz'
const SET: BackupSet = {
  name: NAME,
  namespace: 'toys',
  release: 'toy',
  set: `toys/toy/${NAME}`,
  store: { type: 'directory', path: '/x' },
  status: {
    manifestSha256: 'm',
    rung: 'proven',
    databases: [],
    product: { appVersion: '1', chartVersion: '1', chartDigest: '' },
    takenAt: '2026-01-01T12:00:00.000Z',
    proofs: [{ at: '2026-01-01T12:00:00.000Z', rung: 'proven', notCovered: [] }],
    writers: [],
    targets: [],
  },
}
const DONE = { failures: 0, forgiven: 0, done: true }

interface World {
  from?: 'store' | 'staged'
  /** What the store does with the note. */
  write?: () => Promise<unknown>
  sleep?: () => Promise<void>
}

const never = async (): Promise<never> => await new Promise(() => undefined)

function worldOf({ from = 'store', write, sleep = never }: World) {
  const cluster = new FakeCluster({ namespace: 'toys' })
  cluster.seed(backupSetObject(SET) as KubeObject)
  const [tasks, said]: [unknown[], string[]] = [[], []]
  const stop = new AbortController()
  const databases = [{ role: 'ledger', rung: 'proven', notCovered: ['unlogged table cache'] }]
  const steps: RunState['steps'] = {
    restore: { ...DONE, startedAt: '2026-01-02T12:00:00.000Z', evidence: { from, databases } },
    reinstall: { ...DONE, endedAt: '2026-01-02T12:01:30.000Z' },
  }
  const noted = { manifestSha256: 'm', rung: 'rehearsed', databases, proof: 'proof-2.json' }
  const context = {
    cluster,
    namespace: 'toys',
    release: 'toy',
    run: RUN,
    spec: { kind: 'recovery', plan: { set: NAME } },
    state: { steps },
    memo: new Map(),
    clock: { now: () => new Date('2026-01-02T12:02:00.000Z'), sleep },
    signal: stop.signal,
    report: ({ note }: { note?: string }) => said.push(note ?? ''),
    dataPlane: {
      run: async (task: unknown, { signal }: { signal: AbortSignal }) => {
        tasks.push(task)
        const stopped = new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason as Error)),
        )
        return await Promise.race([write?.() ?? noted, stopped])
      },
    },
  } as unknown as StepContext
  return { context, tasks, said, stop, known: async () => (await readSet(cluster, 'toys', NAME))?.status }
}

const rehearsal = { run: RUN, seconds: 90 }

test('the time is from the beginning of the restore until the release was ready', () => {
  expect(rehearsalOf(worldOf({}).context)).toEqual(rehearsal)
})

test('a staged copy was restored when its set was proven: no recovery from the store', () => {
  expect(rehearsalOf(worldOf({ from: 'staged' }).context)).toBeUndefined()
})

test('it is noted on the set with what it does not cover, and once only', async () => {
  const { context, tasks, known } = worldOf({})
  await noteRehearsal(context, rehearsal, 1)
  expect(notedRehearsal(context)).toEqual({ ...rehearsal, rung: 'rehearsed' })
  expect(tasks).toMatchObject([
    {
      kind: 'note-proof',
      note: { found: 'rehearsed', manifestSha256: 'm', rehearsal, databases: [{ role: 'ledger', rung: 'proven' }] },
    },
  ])
  expect(JSON.stringify(tasks)).toContain('unlogged table cache')
  await noteRehearsal(context, rehearsal, 1)
  expect(await known()).toMatchObject({ rung: 'rehearsed', proofs: [{ rung: 'proven' }, { by: RUN, rehearsal }] })
})

test('a store that does not take it ends no recovery, and it is said', async () => {
  const full = new PawlError({ code: 'store-full', message: 'no room' })
  const { context, said, known } = worldOf({ write: () => Promise.reject(full) })
  await noteRehearsal(context, rehearsal, 1)
  expect(notedRehearsal(context)).toEqual({ ...rehearsal, why: 'no room' })
  expect(said).toEqual([expect.stringContaining('no room')])
  expect((await known())?.rung).toBe('proven')
})

test('nor does one that never answers', async () => {
  const { context } = worldOf({ write: never, sleep: () => Promise.resolve() })
  await noteRehearsal(context, rehearsal, 1)
  expect(notedRehearsal(context)).toMatchObject({ why: expect.any(String) as string })
})

test('who is asked to stop stops, and notes it when the run goes on', async () => {
  const { context, stop } = worldOf({ write: never })
  const noting = noteRehearsal(context, rehearsal, 1)
  stop.abort(new Error('asked'))
  await expect(noting).rejects.toThrow('asked')
  expect(notedRehearsal(context)).toBeUndefined()
})
