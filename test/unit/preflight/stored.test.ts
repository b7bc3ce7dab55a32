// The dry run of a target: what it finds, and that it writes nothing.
import { expect, test } from 'vitest'
import { PawlError } from '../../../src/core/errors.ts'
import { buildPlan, refusalOf } from '../../../src/core/plan/build.ts'
import type { Plan } from '../../../src/core/plan/plan.ts'
import { gatherFacts } from '../../../src/steps/preflight/upgrade.ts'
import { record, workload, world } from './world.ts'
import type { World } from './world.ts'

const FILES = [
  {
    name: 'values.yaml',
    content:
      'tallyConfigValues: {customerPackageVersion: 2026.3.1, selfHostedTenantId: onp-7f3a}\ntallySecrets: {encryptionKey: {value: canary-key-51c8}}\n',
  },
]
const RECORDER = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'prod-tally-recorder' }

async function plan(here: World): Promise<Plan> {
  const { facts } = await gatherFacts(here.deps, { to: '2026.3.9', valuesFiles: FILES })
  return buildPlan(facts, [], here.deps.sha256)
}

async function verdict(here: World): Promise<string> {
  const refusal = refusalOf(await plan(here))
  return refusal === undefined ? 'nothing stands in the way' : `${String(refusal.facts['gate'])} ${refusal.code}`
}

test('what the target changes is compared with what is there, and nothing is written', async () => {
  const here = world()
  await here.cluster.patch(
    RECORDER,
    { type: 'merge', body: { metadata: { labels: { team: 'night' } } } },
    { manager: 'kubectl' },
  )
  const before = here.cluster.snapshot()
  const { changes } = await plan(here)
  expect(changes.find(({ object }) => object === 'Deployment/prod-tally-recorder')?.details).toEqual([
    'spec.template.spec.containers[main].image: "tally/recorder:2026.2.9" -> "tally/recorder:2026.3.9"',
  ])
  expect(here.cluster.snapshot()).toEqual(before)
})

test('a policy that refuses the target is found, and no database is asked', async () => {
  const here = world()
  here.cluster.admit(({ object }) =>
    JSON.stringify(object).includes('recorder:2026.3.9') ? 'images must be signed' : undefined,
  )
  expect(await verdict(here)).toBe('cluster-accepts gate-refused')
  expect(here.tasks).toEqual([])
})

test.each([
  ['a number of replicas that somebody set', { replicas: 7 }, 'nothing stands in the way'],
  ['a field that Pawl does not hand over', { paused: true }, 'cluster-accepts gate-refused'],
])('%s under server-side apply', async (_, spec, expected) => {
  const here = world()
  const rendered = workload('prod-tally-recorder', 'tally/recorder:2026.3.9')
  const own = { ...(rendered['spec'] as object), paused: false }
  here.manifests['1.52.2'] = [
    ...(here.manifests['1.52.2'] ?? []).filter((object) => JSON.stringify(object).includes('recorder') === false),
    { ...rendered, spec: own },
  ]
  await here.cluster.apply(workload('prod-tally-recorder', 'tally/recorder:2026.2.9'), { manager: 'helm', force: true })
  await here.cluster.patch(RECORDER, { type: 'merge', body: { spec } }, { manager: 'kubectl' })
  expect(await verdict(here)).toBe(expected)
})

test('a release that Helm 3 made is merged, and no owner stands in the way', async () => {
  const here = world()
  here.history[0] = record({ applyMethod: 'csa' })
  await here.cluster.patch(RECORDER, { type: 'merge', body: { spec: { replicas: 7 } } }, { manager: 'kubectl' })
  const before = here.cluster.snapshot()
  expect(await verdict(here)).toBe('nothing stands in the way')
  expect(here.cluster.snapshot()).toEqual(before)
})

test('a webhook that answers no dry run leaves its object unverified, and the plan says so', async () => {
  const here = world()
  const { apply } = here.cluster
  here.cluster.apply = async (object, options, signal) => {
    if (object.metadata.name === 'prod-tally-recorder')
      throw new PawlError({ code: 'input-invalid', message: 'admission webhook "x" does not support dry run' })
    return await apply.call(here.cluster, object, options, signal)
  }
  const found = await plan(here)
  expect(found.gates.find(({ gate }) => gate === 'cluster-accepts')?.answer).toBe('warn')
  expect(found.changes.map(({ object }) => object)).toContain('Deployment/prod-tally-recorder')
})

test('an object that only the installed release has goes', async () => {
  const here = world()
  here.manifests['1.52.2'] = (here.manifests['1.52.2'] ?? []).filter(
    (object) => !JSON.stringify(object).includes('recorder'),
  )
  const { changes } = await plan(here)
  expect(changes.find(({ change }) => change === 'remove')?.object).toBe('Deployment/prod-tally-recorder')
})
