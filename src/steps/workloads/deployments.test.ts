import { expect, test } from 'vitest'
import type { KubeObject } from '../../ports/cluster.ts'
import { FakeCluster } from '../../testing/cluster/fake-cluster.ts'
import { handBackReplicas, readDeployments, scaleTo, type DeploymentView } from './deployments.ts'

const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'api' }

function deployment(replicas: number): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'api', namespace: 'shop' },
    spec: {
      replicas,
      template: {
        spec: { initContainers: [{ name: 'm', image: 'db:1' }], containers: [{ name: 'api', image: 'api:1' }] },
      },
    },
  }
}

async function appliedByHelm(): Promise<FakeCluster> {
  const cluster = new FakeCluster({ namespace: 'shop' })
  await cluster.apply(deployment(2), { manager: 'helm' })
  return cluster
}

async function view(cluster: FakeCluster): Promise<DeploymentView> {
  const [found] = await readDeployments(cluster, 'shop', new Set(['api']))
  if (found === undefined) throw new Error('no Deployment')
  return found
}

test('a Deployment as Helm left it: its number, its images, nobody else', async () => {
  expect(await view(await appliedByHelm())).toMatchObject({ replicas: 2, images: ['api:1', 'db:1'] })
  expect((await view(await appliedByHelm())).scaledBy).toBeUndefined()
})

test('who scaled it by hand is known; so is its autoscaler', async () => {
  const cluster = await appliedByHelm()
  await cluster.patch(ref, { type: 'merge', body: { spec: { replicas: 5 } } }, { manager: 'kubectl' })
  await cluster.create({
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'hpa', namespace: 'shop' },
    spec: { scaleTargetRef: { kind: 'Deployment', name: 'api' } },
  })
  expect(await view(cluster)).toMatchObject({ replicas: 5, scaledBy: 'kubectl', autoscaler: 'hpa' })
})

test('what Pawl scaled stands in the way of Helm until it is handed back', async () => {
  const cluster = await appliedByHelm()
  await scaleTo(cluster, await view(cluster), 0)
  expect((await view(cluster)).replicas).toBe(0)
  await expect(cluster.apply(deployment(2), { manager: 'helm' })).rejects.toMatchObject({ code: 'cluster-conflict' })
  await handBackReplicas(cluster, await view(cluster))
  await cluster.apply(deployment(2), { manager: 'helm' })
  expect((await view(cluster)).replicas).toBe(2)
})

test('a controller that writes in between does not keep it from being handed back', async () => {
  const cluster = await appliedByHelm()
  await cluster.patch(ref, { type: 'merge', body: { spec: { replicas: 5 } } }, { manager: 'kubectl' })
  const stale = await view(cluster)
  cluster.setStatus(ref, { readyReplicas: 1 })
  await handBackReplicas(cluster, stale)
  await cluster.apply(deployment(2), { manager: 'helm' })
  expect((await view(cluster)).replicas).toBe(2)
})

test('nothing to hand back, nothing written', async () => {
  const cluster = await appliedByHelm()
  const before = cluster.snapshot()
  await handBackReplicas(cluster, await view(cluster))
  await scaleTo(cluster, await view(cluster), 2)
  expect(cluster.snapshot()).toEqual(before)
})
