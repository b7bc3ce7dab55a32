import { expect, test } from 'vitest'
import type { DatabaseTarget, DataTask } from '../../core/data/tasks.ts'
import { FakeCluster } from '../../testing/cluster/fake-cluster.ts'
import type { StepContext } from '../step.ts'
import { quiesce } from './index.ts'

const SESSION = { pid: 7, user: 'toy', application: 'worker', state: 'idle' }
const SEEN = {
  role: 'ledger',
  sessions: [] as unknown[],
  writeCounter: '12',
  schemaFingerprint: 'f',
  placement: 'p',
  migrations: ['1'],
}

async function observed(kind: 'upgrade' | 'recovery', answer: { quiet: boolean; databases: object[] }) {
  const asked: DataTask[] = []
  const databases = [{ target: { role: 'ledger' } as DatabaseTarget, serverMajor: 15 }]
  const context = {
    cluster: new FakeCluster({ namespace: 'toys' }),
    namespace: 'toys',
    release: 'toy',
    run: 'toy-20260102-120000-wxyz',
    fence: 1,
    spec: { kind, plan: { writers: [], databases } },
    state: { steps: {} },
    memo: new Map(),
    clock: { now: () => new Date('2026-11-25T12:00:00Z') },
    signal: new AbortController().signal,
    dataPlane: {
      run: (task: DataTask) => {
        asked.push(task)
        return Promise.resolve(answer)
      },
      discard: () => Promise.resolve(),
    },
  } as unknown as StepContext
  return { asked: asked as Partial<DataTask>[], is: await quiesce.observe(context) }
}

test('an upgrade looks into its databases, and remembers what they were', async () => {
  const { asked, is } = await observed('upgrade', { quiet: true, databases: [SEEN] })
  expect(asked).toMatchObject([{ kind: 'observe', until: 'quiet' }])
  expect(is).toMatchObject({ is: 'done', evidence: { databases: [{ role: 'ledger', lastMigration: '1' }] } })
})

test('a recovery enters none of the databases that it is to replace', async () => {
  const { role, sessions, writeCounter } = SEEN
  const { asked, is } = await observed('recovery', { quiet: true, databases: [{ role, sessions, writeCounter }] })
  expect(asked).toMatchObject([{ kind: 'activity' }])
  expect(is).toEqual({
    is: 'done',
    evidence: { quietAt: '2026-11-25T12:00:00.000Z', databases: [{ role: 'ledger', writeCounter: '12' }] },
  })
})

test.each(['upgrade', 'recovery'] as const)('%s: who is still connected is named', async (kind) => {
  const { is } = await observed(kind, { quiet: false, databases: [{ ...SEEN, sessions: [SESSION] }] })
  expect(is).toMatchObject({
    is: 'failed',
    error: { code: 'writers-remain', message: expect.stringContaining('toy/worker (pid 7') as string },
  })
})
