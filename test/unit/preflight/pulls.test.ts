// Asking nodes for images: with a kubelet that the test plays.
import { expect, test } from 'vitest'
import { buildPlan } from '../../../src/core/plan/build.ts'
import type { GateAnswer } from '../../../src/core/plan/plan.ts'
import { gatherFacts } from '../../../src/steps/preflight/upgrade.ts'
import { NAMESPACE, seedNode, world } from './world.ts'
import type { World } from './world.ts'

const FILES = [
  {
    name: 'values.yaml',
    content:
      'tallyConfigValues: {customerPackageVersion: 2026.3.1, selfHostedTenantId: onp-7f3a}\ntallySecrets: {encryptionKey: {value: canary-key-51c8}}\n',
  },
]

async function pullable(here: World): Promise<GateAnswer | undefined> {
  const { facts } = await gatherFacts(here.deps, { to: '2026.3.9', valuesFiles: FILES })
  return buildPlan(facts, [], here.deps.sha256).gates.find(({ gate }) => gate === 'images-pullable')
}

/** Plays the kubelet: every container of a new pod ends up in this state. Returns the pods there were. */
function kubelet(here: World, state: Record<string, unknown>, conditions: unknown[] = []): string[] {
  const seen: string[] = []
  here.cluster.onChange(({ type, object }) => {
    if (type !== 'added' || object.kind !== 'Pod') return
    const spec = object['spec'] as { containers: { name: string; image: string }[] }
    seen.push(...spec.containers.map(({ image }) => image))
    const containerStatuses = spec.containers.map(({ name }) => ({ name, state }))
    here.cluster.setStatus(
      { apiVersion: 'v1', kind: 'Pod', name: object.metadata.name, namespace: NAMESPACE },
      { containerStatuses, conditions },
    )
  })
  let now = Date.parse('2026-04-01T09:00:00Z')
  here.deps.clock = {
    now: () => new Date(now),
    sleep: (ms) => {
      now += ms
      return Promise.resolve()
    },
  }
  return seen
}

async function pods(here: World): Promise<string[]> {
  const all = await here.cluster.list({ apiVersion: 'v1', kind: 'Pod', namespace: NAMESPACE })
  return all.map(({ metadata }) => metadata.name)
}

test('images that every node has need no pod', async () => {
  const here = world()
  expect(await pullable(here)).toMatchObject({ answer: 'pass', evidence: expect.stringContaining('3 on every node') })
})

test('the others are asked for by a pod that is gone afterwards', async () => {
  const here = world()
  seedNode(here.cluster, 'tally/recorder:2026.3.9')
  const before = await pods(here)
  const seen = kubelet(here, { terminated: { reason: 'StartError', exitCode: 128 } })
  expect(await pullable(here)).toMatchObject({ answer: 'pass' })
  expect(seen).toEqual(['tally/recorder:2026.3.9'])
  expect(await pods(here)).toEqual(before)
})

test.each([
  ['an image that is not there', { waiting: { reason: 'ErrImagePull', message: 'not found' } }],
  ['an image that takes too long', { waiting: { reason: 'ContainerCreating' } }],
])('%s may be accepted by name, and the pod is gone', async (_, state) => {
  const here = world()
  seedNode(here.cluster, 'tally/recorder:2026.3.9')
  const before = await pods(here)
  kubelet(here, state)
  expect(await pullable(here)).toMatchObject({ answer: 'refuse', mandatory: false })
  expect(await pods(here)).toEqual(before)
})

test('a pod that no node takes is not waited for, and what a killed process left is swept', async () => {
  const here = world()
  seedNode(here.cluster, 'tally/recorder:2026.3.9')
  const left = { name: 'pawl-images-old', namespace: NAMESPACE, labels: { 'pawl.dev/asks-for': 'images' } }
  here.cluster.seed({ apiVersion: 'v1', kind: 'Pod', metadata: left, status: { phase: 'Failed' } })
  kubelet(here, {}, [{ type: 'PodScheduled', status: 'False' }])
  const started = here.deps.clock.now().getTime()
  expect(await pullable(here)).toMatchObject({ answer: 'refuse', mandatory: false })
  expect(here.deps.clock.now().getTime() - started).toBeLessThan(30_000)
  expect(await pods(here)).not.toContain('pawl-images-old')
})

test('where no pod may be made, that is told', async () => {
  const here = world()
  seedNode(here.cluster, 'tally/recorder:2026.3.9')
  here.cluster.admit(({ object }) => (object.kind === 'Pod' ? 'no pods here' : undefined))
  expect(await pullable(here)).toMatchObject({ answer: 'refuse', mandatory: false })
})
