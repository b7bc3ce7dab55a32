// Where the test cluster keeps its things, and the addresses it uses. One place, so that `down` can find all of it.
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Versions that the cluster is built from. The Go modules under `go/` pin the same ones. */
export const versions = {
  kubernetes: '1.35.4',
  etcd: '3.6.6',
  coredns: '1.13.1',
  helm: '4.3.1',
  helm3: '3.22.0',
  crane: '0.22.1',
  versitygw: '1.8.0',
  fakeGcs: '1.56.1',
} as const

/**
 * The node's own address, on `lo`. 198.18.0.0/15 is the benchmark range (RFC 2544): nobody's real network, so nothing is hidden by it.
 */
export const nodeAddress = '198.18.0.1'
export const podSubnet = '198.18.1.0/24'
export const serviceSubnet = '198.19.0.0/16'
export const dnsAddress = '198.19.0.10'
export const nodeName = 'pawl'
export const clusterDomain = 'cluster.local'
export const apiServerUrl = `https://${nodeAddress}:6443`
export const etcdUrl = 'http://127.0.0.1:23790'
/** Everything the kubelet starts lives below this control group, so that `down` ends exactly our containers. */
export const cgroupName = 'pawl-test'
/** Set in the environment of each process of ours; a process without a record is still known by it. */
export const processMark = 'PAWL_TEST_CLUSTER'
export const stateDir = '/var/lib/pawl-test'

/** Directories of one cluster: `state` goes away with `down`, `cache` stays. */
export interface Layout {
  state: string
  cache: string
  bin: string
  tools: string
  logs: string
  records: string
  pki: string
  kubeconfigs: string
  kubeconfig: string
  volumes: string
  lock: string
}

export function layoutOf(env: Record<string, string | undefined>): Layout {
  const cache = env['PAWL_CACHE_DIR'] || join(homedir(), '.cache', 'pawl')
  return {
    state: stateDir,
    cache,
    bin: join(cache, 'bin'),
    tools: join(cache, 'tools'),
    logs: join(stateDir, 'log'),
    records: join(stateDir, 'run'),
    pki: join(stateDir, 'pki'),
    kubeconfigs: join(stateDir, 'kubeconfig'),
    kubeconfig: join(stateDir, 'kubeconfig', 'super-admin.conf'),
    volumes: join(stateDir, 'volumes'),
    // Beside the state directory, not in it: `down` removes the state while it holds the lock.
    lock: join('/run', 'pawl-test.lock'),
  }
}

/** Directory of the finished Kubernetes build. */
export function kubernetesDir(layout: Layout): string {
  return join(layout.tools, `kubernetes-${versions.kubernetes}`)
}

/** Directory of the finished etcd and CoreDNS build. */
export function etcdDir(layout: Layout): string {
  return join(layout.tools, `etcd-${versions.etcd}-coredns-${versions.coredns}`)
}
