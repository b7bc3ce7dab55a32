import { expect, test } from 'vitest'
import type { DatabaseTarget, DataTask, TaskOf } from '../../core/data/tasks.ts'
import { PawlError } from '../../core/errors.ts'
import { backupSetObject } from '../../core/resources.ts'
import type { KubeObject } from '../../ports/cluster.ts'
import { FakeCluster } from '../../testing/cluster/fake-cluster.ts'
import type { StepContext } from '../step.ts'
import { exchangeRestored, exchangeStaged } from './exchange.ts'

const SET = { name: '20260101-120000-abcd', namespace: 'toys', release: 'toy', set: 'toys/toy/20260101-120000-abcd' }
const NAMES = { suffix: '__pawl_set_x', kept: '__pawl_old_x' }
/** One name, on two servers. */
const TARGETS = ['ledger', 'ai'].map((role) => ({ role, host: role, database: 'app' }) as DatabaseTarget)

const KEPT = (role: string) => ({ role, database: `app${NAMES.kept}`, state: 'kept', open: false })

interface Server {
  swap: (task: TaskOf<'swap'>, nth: number) => void
  copies: object[]
  differs?: string[]
}

/** Every restore and exchange that was made, in order. */
interface Seen {
  restored: string[][]
  swaps: { roles: string[]; kept: string }[]
  /** By their names, with what was taken away. */
  tasks: string[]
}

function contextOf({ swap, copies, differs = [] }: Server): { context: StepContext; seen: Seen } {
  const cluster = new FakeCluster({ namespace: 'toys' })
  cluster.seed(backupSetObject({ ...SET, store: { type: 'volume', claim: 'c' } }) as KubeObject)
  const seen: Seen = { restored: [], swaps: [], tasks: [] }
  const named = (id: string): string => id.slice('20260102-120000-wxyz-'.length)
  const run = (task: DataTask): unknown => {
    switch (task.kind) {
      case 'swap': {
        const roles = task.databases.map(({ role }) => role)
        swap(task, seen.swaps.push({ roles, kept: task.oldSuffix }))
        return { databases: roles.map((role) => ({ role, live: 'app', digest: role })) }
      }
      case 'list-copies':
        return { copies }
      case 'restore': {
        const roles = task.databases.map(({ role }) => role)
        seen.restored.push(roles)
        return { databases: roles.map((role) => ({ role, digest: role, notCovered: [] })) }
      }
      case 'compare':
        return { databases: differs.map((role) => ({ role, digest: role, differs: 'a row' })) }
      default:
        throw new Error(`nothing asks for ${task.kind}`)
    }
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
    dataPlane: {
      run: async (task: DataTask, { id }: { id: string }) => {
        seen.tasks.push(named(id))
        return run(task)
      },
      discard: async (id: string) => void seen.tasks.push(`without ${named(id)}`),
    },
  } as unknown as StepContext
  return { context, seen }
}

function gone(): never {
  throw new PawlError({ code: 'unknown-state', message: 'the copy of ai is not there' })
}

test('of two servers, only the database whose copy is gone comes from the store, though both have one name', async () => {
  const { context, seen } = contextOf({
    swap: ({ databases }) => void (databases.length === 2 && gone()),
    copies: [KEPT('ledger')],
  })
  const exchanged = await exchangeStaged(context, NAMES, 1)
  expect(seen.restored).toEqual([['ai']])
  expect(Object.keys(exchanged.replaced ?? {})).toEqual(['ai'])
})

test('a restored copy that is gone before the exchange is restored once more, and every database is decided on anew', async () => {
  const { context, seen } = contextOf({ swap: (_, nth) => void (nth === 1 && gone()), copies: [KEPT('ledger')] })
  const exchanged = await exchangeRestored(context, NAMES, 1)
  expect(seen.restored).toEqual([['ai']])
  expect(seen.swaps.map(({ roles }) => roles)).toEqual([
    ['ledger', 'ai'],
    ['ledger', 'ai'],
  ])
  expect(exchanged.databases.map(({ role }) => role)).toEqual(['ledger', 'ai'])
  expect(exchanged.replaced).toEqual({ ai: 'the copy of ai is not there' })
})

test('a process that died when all was exchanged: what the first try is remembered for is asked once more', async () => {
  const { context, seen } = contextOf({
    swap: (_, nth) => void (nth === 1 && gone()),
    copies: [KEPT('ledger'), KEPT('ai')],
  })
  expect(await exchangeRestored(context, NAMES, 1)).not.toHaveProperty('replaced')
  expect(seen.restored).toEqual([])
})

test('what a restore cannot mend is said: nothing restored is taken for exchanged', async () => {
  const all = contextOf({ swap: gone, copies: [KEPT('ledger'), KEPT('ai')] })
  await expect(exchangeRestored(all.context, NAMES, 1)).rejects.toMatchObject({ code: 'unknown-state' })
  expect(all.seen.restored).toEqual([])
  const again = contextOf({ swap: gone, copies: [] })
  await expect(exchangeRestored(again.context, NAMES, 1)).rejects.toMatchObject({ code: 'unknown-state' })
  expect(again.seen.restored).toEqual([['ledger', 'ai']])
})

test('a server that does not answer has lost no copy', async () => {
  const { context, seen } = contextOf({
    swap: () => {
      throw new PawlError({ code: 'database-unreachable', message: 'no answer' })
    },
    copies: [],
  })
  await expect(exchangeRestored(context, NAMES, 1)).rejects.toMatchObject({ code: 'database-unreachable' })
  expect(seen.restored).toEqual([])
})

const ALTERED = ['alt', 'al2', 'al3', 'al4', 'al5'].map((what) => `__pawl_${what}_20260102120000wxyz`)
const altered = (role: string, nth: number) => ({ role, database: `app${ALTERED[nth]}`, state: 'kept', open: false })

test('what differs a second time within one recovery is kept under another name than the first', async () => {
  const first = contextOf({ swap: () => undefined, copies: [altered('ledger', 0)], differs: ['ai'] })
  await exchangeStaged(first.context, NAMES, 1)
  const second = contextOf({ swap: () => undefined, copies: [altered('ai', 0), altered('ledger', 1)], differs: ['ai'] })
  await exchangeStaged(second.context, NAMES, 2)
  const kept = ({ seen }: { seen: Seen }) => seen.swaps.at(-1)
  expect([kept(first), kept(second)]).toEqual([
    { roles: ['ai'], kept: ALTERED[0] },
    { roles: ['ai'], kept: ALTERED[1] },
  ])
})

test('what goes on differing stops the recovery, before anything is renamed', async () => {
  const copies = ALTERED.map((_, nth) => altered('ai', nth))
  const { context, seen } = contextOf({ swap: () => undefined, copies, differs: ['ai'] })
  await expect(exchangeStaged(context, NAMES, 1)).rejects.toMatchObject({ code: 'unknown-state' })
  expect(seen.restored).toEqual([])
})

test('before a task is tried again, what the try before has left of it is taken away', async () => {
  const { context, seen } = contextOf({ swap: () => undefined, copies: [] })
  await exchangeStaged(context, NAMES, 3)
  expect(seen.tasks).toEqual(['without swap-2', 'swap-3', 'without compare-2', 'compare-3'])
})
