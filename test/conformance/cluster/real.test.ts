import { leaseSuite } from './lease-suite.ts'
import { realCluster } from './real.ts'
import { clusterSuite } from './suite.ts'

clusterSuite('Kubernetes', realCluster)
leaseSuite('Kubernetes', realCluster)
