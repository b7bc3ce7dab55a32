import { expect, test } from 'vitest'
import type { DatabaseTarget, DataTask } from '../../core/data/tasks.ts'
import { PawlError } from '../../core/errors.ts'
import { backupSetObject } from '../../core/resources.ts'
import type { KubeObject } from '../../ports/cluster.ts'
import { FakeCluster } from '../../testing/cluster/fake-cluster.ts'
import type { StepContext } from '../step.ts'
import { exchangeStaged } from './exchange.ts'

const SET = { name: '20260101-120000-abcd', namespace: 'toys', release: 'toy', set: 'toys/toy/20260101-120000-abcd' }
const NAMES = { suffix: '__pawl_set_x', kept: '__pawl_old_x' }
/** One name, on two servers. */
const TARGETS = ['ledger', 'ai'].map((role) => ({ role, host: role, database: 'app' }) as DatabaseTarget)

test('of two servers, only the database whose copy is gone comes from the store, though both have one name', async () => {
  const cluster = new FakeCluster({ namespace: 'toys' })
  cluster.seed(backupSetObject({ ...SET, store: { type: 'volume', claim: 'c' } }) as KubeObject)
  const restored: string[] = []
  const run = (task: DataTask): unknown => {
    if (task.kind === 'swap') {
      if (task.databases.length === 2)
        throw new PawlError({ code: 'proof-mismatch', message: 'the copy of ai is not there' })
      return { databases: task.databases.map(({ role }) => ({ role, live: 'app', digest: role })) }
    }
    if (task.kind === 'list-copies')
      return { copies: [{ role: 'ledger', database: `app${NAMES.kept}`, state: 'kept', open: false }] }
    if (task.kind === 'restore') {
      restored.push(...task.databases.map(({ role }) => role))
      return { databases: task.databases.map(({ role }) => ({ role, digest: role, notCovered: [] })) }
    }
    return { databases: [] }
  }
  const plan = { set: SET.name, digests: { ledger: 'ledger', ai: 'ai' } }
  const context = {
    cluster,
    namespace: 'toys',
    release: 'toy',
    run: 'toy-20260102-120000-wxyz',
    fence: 1,
    spec: { kind: 'recovery', plan: { ...plan, databases: TARGETS.map((target) => ({ target, serverMajor: 15 })) } },
    installation: {},
    memo: new Map(),
    signal: new AbortController().signal,
    report: () => undefined,
    dataPlane: { run: async (task: DataTask) => run(task), discard: () => Promise.resolve() },
  } as unknown as StepContext
  const exchanged = await exchangeStaged(context, NAMES, 1)
  expect(restored).toEqual(['ai'])
  expect(Object.keys(exchanged.replaced ?? {})).toEqual(['ai'])
})
