// Any sequence of writes by several managers must end alike in memory and on the real server: same answers, same data, same owners.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Cluster, KubeObject } from '../../../src/ports/cluster.ts'
import { isPawlError } from '../../../src/core/errors.ts'
import { FakeCluster } from '../../../src/testing/cluster/fake-cluster.ts'
import { realCluster } from './real.ts'

type Data = Record<string, string>

type Step =
  | { do: 'create' | 'apply' | 'force'; manager: string; data: Data }
  | { do: 'merge'; manager: string; data: Record<string, string | null> }
  | { do: 'replace'; manager: string; data: Data; stale: boolean }
  | { do: 'json'; manager: string; key: string; expected: string; value: string }
  | { do: 'remove' }

const key = fc.constantFrom('a', 'b', 'c')
const value = fc.constantFrom('1', '2')
const manager = fc.constantFrom('one', 'two')
const data = fc.dictionary(key, value, { minKeys: 1, maxKeys: 3, noNullPrototype: true })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant('create' as const), manager, data }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('apply' as const), manager, data }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('force' as const), manager, data }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('merge' as const),
      manager,
      data: fc.dictionary(key, fc.option(value, { nil: null }), { minKeys: 1, maxKeys: 2, noNullPrototype: true }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('replace' as const), manager, data, stale: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('json' as const), manager, key, expected: value, value }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const) }) },
)

let real: Awaited<ReturnType<typeof realCluster>>
beforeAll(async () => (real = await realCluster()))
afterAll(async () => await real?.cleanUp())

test('the in-memory cluster does what the real one does', { timeout: 300_000 }, async () => {
  const memory = new FakeCluster({ namespace: real.namespace })
  let runs = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), async (steps) => {
      runs += 1
      const name = `walk-${runs}`
      expect(await walk(memory, name, steps)).toEqual(await walk(real.cluster, name, steps))
    }),
    { numRuns: 60 },
  )
})

/** What a caller sees after each step. */
async function walk(cluster: Cluster, name: string, steps: Step[]): Promise<unknown[]> {
  const seen: unknown[] = []
  let before: KubeObject | undefined
  for (const each of steps) {
    const live = await cluster.get(refOf(name))
    seen.push(await perform(cluster, name, each, live, before))
    const after = await cluster.get(refOf(name))
    seen.push(summary(after), live?.metadata.resourceVersion === after?.metadata.resourceVersion)
    before = live
  }
  return seen
}

async function perform(
  cluster: Cluster,
  name: string,
  each: Step,
  live: KubeObject | undefined,
  older: KubeObject | undefined,
): Promise<string> {
  // One field is always owned: an object without any owner is no longer tracked by the real server, which nobody of ours meets.
  const metadata = { name, annotations: { 'pawl.dev/kept': 'yes' } }
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: 'data' in each ? each.data : {} }
  try {
    switch (each.do) {
      case 'create':
        await cluster.create(object, { manager: each.manager })
        break
      case 'apply':
      case 'force':
        await cluster.apply(object, { manager: each.manager, force: each.do === 'force' })
        break
      case 'merge':
        await cluster.patch(refOf(name), { type: 'merge', body: { data: each.data } }, { manager: each.manager })
        break
      case 'json': {
        const path = `/data/${each.key}`
        const body = [
          { op: 'test' as const, path, value: each.expected },
          { op: 'replace' as const, path, value: each.value },
        ]
        await cluster.patch(refOf(name), { type: 'json', body }, { manager: each.manager })
        break
      }
      case 'replace': {
        const base = each.stale ? (older ?? live) : live
        if (base === undefined) return 'nothing to replace'
        await cluster.replace({ ...base, data: each.data }, { manager: each.manager })
        break
      }
      case 'remove':
        return String(await cluster.remove(refOf(name)))
    }
    return 'done'
  } catch (error) {
    return isPawlError(error) ? error.code : String(error)
  }
}

function refOf(name: string) {
  return { apiVersion: 'v1', kind: 'ConfigMap', name }
}

function summary(object: KubeObject | undefined): unknown {
  if (object === undefined) return 'gone'
  const owners = (object.metadata.managedFields ?? []).map(({ manager: who, operation, fieldsV1 }) => {
    const owned = Object.keys((fieldsV1?.['f:data'] ?? {}) as object).filter((field) => field !== '.')
    return `${who}/${operation}: ${owned.toSorted().join(' ')}`
  })
  // An Update that owns only the map itself, and no entry of it, cannot be told apart from none by any caller of ours.
  return { data: object.data ?? {}, owners: owners.filter((owner) => !owner.endsWith(': ')).toSorted() }
}
