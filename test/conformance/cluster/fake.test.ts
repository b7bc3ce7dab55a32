import { FakeCluster } from '../../../src/testing/cluster/fake-cluster.ts'
import { clusterSuite } from './suite.ts'

clusterSuite('in memory', async () => ({
  cluster: new FakeCluster({ namespace: 'home' }),
  namespace: 'suite',
  cleanUp: async () => {},
}))
