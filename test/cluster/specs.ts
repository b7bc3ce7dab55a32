// Every process of the cluster from source, as it should run now.
import { isUnified } from './cgroups.ts'
import { apiServerSpec, controllerManagerSpec, etcdSpec, schedulerSpec } from './controlplane.ts'
import { corednsSpec } from './dns.ts'
import type { Layout } from './layout.ts'
import { containerdSpec, kubeletSpec, kubeProxySpec } from './node.ts'
import { pauseImageName } from './pause.ts'
import type { ProcessSpec } from './processes.ts'
import { registrySpec } from './registry.ts'
import { provisionerSpec } from './storage.ts'

export type ProcessName =
  | 'registry'
  | 'etcd'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'containerd'
  | 'kubelet'
  | 'kube-proxy'
  | 'coredns'
  | 'provisioner'

/** In the order in which they start. */
export async function processSpecs(layout: Layout, registry: string): Promise<Record<ProcessName, ProcessSpec>> {
  return {
    registry: registrySpec(layout, registry),
    etcd: etcdSpec(layout),
    'kube-apiserver': apiServerSpec(layout),
    'kube-controller-manager': controllerManagerSpec(layout),
    'kube-scheduler': schedulerSpec(layout),
    containerd: containerdSpec(layout, pauseImageName(registry)),
    kubelet: kubeletSpec(layout, await isUnified()),
    'kube-proxy': kubeProxySpec(layout),
    coredns: corednsSpec(layout),
    provisioner: provisionerSpec(layout),
  }
}
