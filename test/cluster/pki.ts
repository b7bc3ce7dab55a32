// Certificates and kubeconfigs, written by kubeadm's own phases.
import { join } from 'node:path'
import { stringify } from 'yaml'
import { exists, writeWhole } from './files.ts'
import {
  clusterDomain,
  etcdUrl,
  kubernetesDir,
  nodeAddress,
  nodeName,
  podSubnet,
  serviceSubnet,
  versions,
} from './layout.ts'
import type { Layout } from './layout.ts'
import { run } from './run.ts'

export function kubeadmConfig(layout: Layout): string {
  const apiVersion = 'kubeadm.k8s.io/v1beta4'
  const init = {
    apiVersion,
    kind: 'InitConfiguration',
    localAPIEndpoint: { advertiseAddress: nodeAddress, bindPort: 6443 },
    nodeRegistration: { name: nodeName },
  }
  const cluster = {
    apiVersion,
    kind: 'ClusterConfiguration',
    clusterName: 'pawl',
    kubernetesVersion: `v${versions.kubernetes}`,
    controlPlaneEndpoint: `${nodeAddress}:6443`,
    certificatesDir: layout.pki,
    networking: { serviceSubnet, podSubnet, dnsDomain: clusterDomain },
    apiServer: { certSANs: [nodeAddress, '127.0.0.1', 'localhost'] },
    // Ours speaks plain HTTP on loopback; "external" keeps kubeadm from making certificates for it.
    etcd: { external: { endpoints: [etcdUrl] } },
  }
  return `${stringify(init)}---\n${stringify(cluster)}`
}

/** Makes what is missing; kubeadm leaves alone what is there. */
export async function ensureKeys(layout: Layout): Promise<void> {
  if (await exists(join(layout.kubeconfigs, 'complete'))) return
  const kubeadm = join(kubernetesDir(layout), 'kubeadm')
  const config = join(layout.state, 'kubeadm.yaml')
  await writeWhole(config, kubeadmConfig(layout))
  await run(kubeadm, ['init', 'phase', 'certs', 'all', '--config', config])
  await run(kubeadm, ['init', 'phase', 'kubeconfig', 'all', '--config', config, '--kubeconfig-dir', layout.kubeconfigs])
  await writeWhole(join(layout.kubeconfigs, 'complete'), '')
}
