// A connection to the test cluster with a namespace of its own.
import { randomBytes } from 'node:crypto'
import { connect, type ConnectedCluster } from '../../../src/adapters/kube/connect.ts'
import { ensureCluster } from '../../cluster/index.ts'
import type { ClusterUnderTest } from './suite.ts'

export async function realCluster(): Promise<
  ClusterUnderTest & { cluster: ConnectedCluster; kubeconfig: string; helm: string; helm3: string; registry: string }
> {
  const { kubeconfig, helm, helm3, registry } = await ensureCluster()
  const namespace = `pawl-test-${randomBytes(4).toString('hex')}`
  const cluster = connect({ kubeconfig, namespace, tuning: { pageSize: 7 } })
  await cluster.create({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace, labels: { 'pawl.dev/test': 'true' } },
  })
  return {
    cluster,
    namespace,
    kubeconfig,
    helm,
    helm3,
    registry,
    cleanUp: async () => {
      await cluster.remove({ apiVersion: 'v1', kind: 'Namespace', name: namespace })
      cluster.close()
    },
  }
}
