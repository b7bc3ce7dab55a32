// A process of the cluster: gives each claim of our storage class a directory of this machine, and removes it with the claim.
// Kubernetes' own host path provisioner makes directories that only root may write.
import { chmod, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ApiException, CoreV1Api, KubeConfig, makeInformer } from '@kubernetes/client-node'
import type { KubernetesObject, V1PersistentVolume, V1PersistentVolumeClaim } from '@kubernetes/client-node'
import { nodeName } from './layout.ts'
import { provisionerName, storageClassName } from './storage.ts'

const [kubeconfig, volumes] = process.argv.slice(2)
if (kubeconfig === undefined || volumes === undefined) throw new Error('usage: provisioner.ts KUBECONFIG DIRECTORY')

const config = new KubeConfig()
config.loadFromFile(kubeconfig)
const api = config.makeApiClient(CoreV1Api)

async function provide(claim: V1PersistentVolumeClaim): Promise<void> {
  const { name, namespace, uid } = claim.metadata ?? {}
  if (claim.spec?.storageClassName !== storageClassName || claim.spec.volumeName || !name || !namespace || !uid) return
  const path = join(volumes ?? '', `${namespace}-${name}-${uid}`)
  await mkdir(path, { recursive: true })
  // Kubernetes sets no group on host paths, and pods do not run as root.
  await chmod(path, 0o777)
  const volume: V1PersistentVolume = {
    metadata: { name: `pvc-${uid}`, annotations: { 'pv.kubernetes.io/provisioned-by': provisionerName } },
    spec: {
      capacity: { storage: claim.spec.resources?.requests?.['storage'] ?? '1Gi' },
      accessModes: claim.spec.accessModes ?? ['ReadWriteOnce'],
      ...(claim.spec.volumeMode === undefined ? {} : { volumeMode: claim.spec.volumeMode }),
      persistentVolumeReclaimPolicy: 'Delete',
      storageClassName,
      hostPath: { path, type: 'Directory' },
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace, uid },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [nodeName] }] },
          ],
        },
      },
    },
  }
  await unless(409, () => api.createPersistentVolume({ body: volume }))
  console.log(`provided ${path}`)
}

async function remove(volume: V1PersistentVolume): Promise<void> {
  const path = volume.spec?.hostPath?.path
  const name = volume.metadata?.name
  if (volume.metadata?.annotations?.['pv.kubernetes.io/provisioned-by'] !== provisionerName) return
  if (volume.status?.phase !== 'Released' || !path?.startsWith(`${volumes}/`) || !name) return
  if (volume.spec?.persistentVolumeReclaimPolicy !== 'Delete') return
  await rm(path, { recursive: true, force: true })
  await unless(404, () => api.deletePersistentVolume({ name }))
  console.log(`removed ${path}`)
}

/** Does an act that another look at the same object may have done before. */
async function unless(code: number, act: () => Promise<unknown>): Promise<void> {
  try {
    await act()
  } catch (error) {
    if (!(error instanceof ApiException && error.code === code)) throw error
  }
}

/** Follows one kind of object for as long as this process lives. */
function follow<T extends KubernetesObject>(
  path: string,
  list: () => Promise<{ items: T[]; metadata?: { resourceVersion?: string } }>,
  handle: (object: T) => Promise<void>,
): void {
  const informer = makeInformer<T>(config, path, list as Parameters<typeof makeInformer<T>>[2])
  const onObject = (object: T): void => {
    handle(object).catch((error: unknown) => console.error(error))
  }
  informer.on('add', onObject)
  informer.on('update', onObject)
  informer.on('error', (error: unknown) => {
    console.error(String(error))
    setTimeout(start, 1000)
  })
  function start(): void {
    informer.start().catch((error: unknown) => {
      console.error(String(error))
      setTimeout(start, 1000)
    })
  }
  start()
}

follow('/api/v1/persistentvolumeclaims', () => api.listPersistentVolumeClaimForAllNamespaces(), provide)
follow('/api/v1/persistentvolumes', () => api.listPersistentVolume(), remove)
