// Cluster DNS: CoreDNS as a process of this machine, behind the usual service address.
import { join } from 'node:path'
import { stringify } from 'yaml'
import { clusterDomain, dnsAddress, etcdDir, nodeAddress } from './layout.ts'
import type { Layout } from './layout.ts'
import type { ProcessSpec } from './processes.ts'

/** Answers for the cluster's own names and says NXDOMAIN to all others: nothing leaves the machine, and nothing waits for an answer. */
export function corefile(layout: Layout): string {
  const zones = `${clusterDomain}:53 in-addr.arpa:53 ip6.arpa:53`
  return `${zones} {
    bind ${nodeAddress}
    errors
    health ${nodeAddress}:8081
    kubernetes ${clusterDomain} in-addr.arpa ip6.arpa {
        kubeconfig ${layout.kubeconfig}
        ttl 5
    }
}
.:53 {
    bind ${nodeAddress}
    errors
    template ANY ANY {
        rcode NXDOMAIN
    }
}
`
}

export function corednsSpec(layout: Layout): ProcessSpec {
  const conf = join(layout.state, 'Corefile')
  return {
    name: 'coredns',
    command: join(etcdDir(layout), 'coredns'),
    args: ['-conf', conf],
    files: { [conf]: corefile(layout) },
  }
}

/** A service without a selector, whose one endpoint is the process on the node. */
export function dnsManifests(): string {
  const metadata = { name: 'kube-dns', namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } }
  const ports = [
    { name: 'dns', port: 53, protocol: 'UDP' },
    { name: 'dns-tcp', port: 53, protocol: 'TCP' },
  ]
  const service = { apiVersion: 'v1', kind: 'Service', metadata, spec: { clusterIP: dnsAddress, ports } }
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      ...metadata,
      name: 'kube-dns-node',
      labels: { ...metadata.labels, 'kubernetes.io/service-name': 'kube-dns' },
    },
    addressType: 'IPv4',
    endpoints: [{ addresses: [nodeAddress], conditions: { ready: true } }],
    ports,
  }
  return [service, slice].map((manifest) => stringify(manifest)).join('---\n')
}
