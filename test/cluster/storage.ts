// The default storage class: directories of this machine, handed out by a process of ours.
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import type { Layout } from './layout.ts'
import type { ProcessSpec } from './processes.ts'

export const storageClassName = 'standard'
export const provisionerName = 'pawl.dev/test-directory'

export function storageManifests(): string {
  return stringify({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: storageClassName, annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    provisioner: provisionerName,
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'Immediate',
  })
}

export function provisionerSpec(layout: Layout): ProcessSpec {
  return {
    name: 'provisioner',
    command: process.execPath,
    args: [join(dirname(fileURLToPath(import.meta.url)), 'provisioner.ts'), layout.kubeconfig, layout.volumes],
  }
}
