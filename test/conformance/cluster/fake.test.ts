import { FakeCluster } from '../../../src/testing/cluster/fake-cluster.ts'
import { leaseSuite } from './lease-suite.ts'
import { clusterSuite } from './suite.ts'

const start = async () => ({
  cluster: new FakeCluster({ namespace: 'home' }),
  namespace: 'suite',
  cleanUp: async () => {},
})

clusterSuite('in memory', start)
leaseSuite('in memory', start)
