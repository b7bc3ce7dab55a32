// What the guard costs the API server: writes of a Deployment with and without it, in turn, and with a hundred guarded releases.
import { performance } from 'node:perf_hooks'
import { connect, type ConnectedCluster } from '../../src/adapters/kube/connect.ts'
import { systemClock } from '../../src/adapters/world/clock.ts'
import { applyDefinitions } from '../../src/apps/cli/definitions.ts'
import { KEPT_BINDING, namespaceBindings } from '../../src/core/guard/bindings.ts'
import { guardObject, newGuard } from '../../src/core/guard/guard.ts'
import { POLICIES } from '../../src/core/guard/policies.ts'
import type { KubeObject } from '../../src/ports/cluster.ts'
import { readGuard } from '../../src/steps/guard/guard.ts'
import { proveGuard } from '../../src/steps/guard/prove.ts'
import { startPlane } from '../guard/plane.ts'
import { median, type Bench } from './bench.ts'

const ROUNDS = 250
/** In a namespace with a hundred guards each write is judged a hundred times: enough to see whether one is refused for its cost. */
const CROWDED_ROUNDS = 3
const RELEASES = 100
const PLAIN = 'plain'
const GUARDED = 'guarded-0'
const CROWDED = 'crowded'
/** As many images as a large product has; a Deployment of it runs three of them. */
const IMAGES = 3
const FLOORS = Array.from({ length: 20 }, (_, index) => ({
  repository: `registry.example:5000/product/part-${index}`,
  version: [2026, 2, 9] as [number, number, number],
}))

export const guard: Bench = {
  name: 'guard',
  title: 'what the guard costs the API server',
  usually: '1 min',
  async run(_args, say) {
    const plane = await startPlane('of the test cluster', { durable: true })
    const cluster = connect({ kubeconfig: plane.kubeconfig, namespace: PLAIN })
    try {
      await setUp(cluster)
      say(
        `${RELEASES} guarded namespaces, and one with ${RELEASES} guards; ${ROUNDS} writes with and without a guard, in turn`,
      )
      const times: Record<string, number[]> = { [PLAIN]: [], [GUARDED]: [] }
      let refused = 0
      for (let round = 0; round < CROWDED_ROUNDS; round += 1)
        await write(cluster, CROWDED, round).catch(() => (refused += 1))
      for (let round = -30; round < ROUNDS; round += 1) {
        // What follows from a write goes on during the next one: each comes first as often as the other.
        const turns = round % 2 === 0 ? Object.entries(times) : Object.entries(times).toReversed()
        for (const [namespace, list] of turns) {
          const startedAt = performance.now()
          await write(cluster, namespace, round).catch(() => (refused += 1))
          if (round >= 0) list.push(performance.now() - startedAt)
        }
      }
      const [plain = 0, guarded = 0] = [PLAIN, GUARDED].map((name) => median(times[name] ?? []))
      say(`medians: ${plain.toFixed(1)} ms without, ${guarded.toFixed(1)} ms with a guard`)
      return [
        {
          name: 'write of a guarded Deployment / of another',
          value: guarded / plain,
          target: { most: 1.2 },
        },
        { name: 'writes refused for what they cost', value: refused, target: { most: 0 } },
      ]
    } finally {
      cluster.close()
      await plane.stop()
    }
  },
}

async function setUp(cluster: ConnectedCluster): Promise<void> {
  await applyDefinitions(cluster, false, () => undefined)
  for (const policy of [...POLICIES, KEPT_BINDING]) await cluster.create(policy as KubeObject)
  const guarded = Array.from({ length: RELEASES }, (_, index) => `guarded-${index}`)
  for (const namespace of [PLAIN, CROWDED, ...guarded]) {
    await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
    const releases = namespace === PLAIN ? [] : namespace === CROWDED ? guarded : ['product']
    for (const release of releases) {
      const made = newGuard({ namespace, release }, { enforcement: 'Enforce', floors: FLOORS, revision: 1 })
      await cluster.create(guardObject(made) as KubeObject)
    }
    if (namespace !== PLAIN)
      for (const binding of namespaceBindings({ name: namespace })) await cluster.create(binding as KubeObject)
  }
  const place = { cluster, namespace: GUARDED, release: 'product', clock: systemClock() }
  const one = await readGuard(place)
  if (one !== undefined) await proveGuard(place, one)
  for (const namespace of [PLAIN, GUARDED, CROWDED]) await cluster.create(deployment(namespace))
}

function deployment(namespace: string): KubeObject {
  const containers = FLOORS.slice(0, IMAGES).map(({ repository }, index) => ({
    name: `part-${index}`,
    image: `${repository}:2026.3.9`,
  }))
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'product', namespace },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: 'product' } },
      template: { metadata: { labels: { app: 'product' } }, spec: { containers } },
    },
  }
}

/** Brings new images in every time, so that all of them are judged. */
async function write(cluster: ConnectedCluster, namespace: string, round: number): Promise<void> {
  const images = FLOORS.slice(0, IMAGES).map(({ repository }, index) => ({
    name: `part-${index}`,
    image: `${repository}:2026.3.${round + 100}`,
  }))
  await cluster.patch(
    { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name: 'product' },
    { type: 'merge', body: { spec: { template: { spec: { containers: images } } } } },
  )
}
