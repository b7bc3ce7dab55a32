// What kinds the in-memory cluster has: the usual ones, Pawl's own, and those of definitions created in it.
import type { KubeObject } from '../../ports/cluster.ts'

const GROUPS = new Set([
  'v1',
  'apps/v1',
  'batch/v1',
  'autoscaling/v1',
  'autoscaling/v2',
  'policy/v1',
  'coordination.k8s.io/v1',
  'networking.k8s.io/v1',
  'rbac.authorization.k8s.io/v1',
  'apiextensions.k8s.io/v1',
  'admissionregistration.k8s.io/v1',
  'authorization.k8s.io/v1',
  'storage.k8s.io/v1',
])
const CLUSTER_WIDE =
  /^(Namespace|Node|PersistentVolume|ClusterRole|ClusterRoleBinding|CustomResourceDefinition|StorageClass|IngressClass|.*WebhookConfiguration|.*AdmissionPolicy|.*AdmissionPolicyBinding|Self.*Review|SubjectAccessReview)$/
const WITH_STATUS = new Set([
  'Pod',
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'Job',
  'CronJob',
  'Namespace',
  'Node',
  'PersistentVolumeClaim',
  'PersistentVolume',
  'HorizontalPodAutoscaler',
  'PodDisruptionBudget',
  'CustomResourceDefinition',
  'ValidatingAdmissionPolicy',
])

export interface Kind {
  namespaced: boolean
  /** `never`: status travels with the object; `always`: only the status subresource writes it. */
  status: 'never' | 'always'
}

interface Definition {
  spec?: {
    group?: string
    names?: { kind?: string }
    scope?: string
    versions?: { name?: string; subresources?: { status?: object } }[]
  }
}

/** `ours`: whether Pawl's kinds are there without a definition having been created. */
export function kindOf(apiVersion: string, kind: string, definitions: KubeObject[], ours: boolean): Kind | undefined {
  if (GROUPS.has(apiVersion))
    return { namespaced: !CLUSTER_WIDE.test(kind), status: WITH_STATUS.has(kind) ? 'always' : 'never' }
  for (const definition of definitions as Definition[]) {
    const { group = '', names, scope, versions = [] } = definition.spec ?? {}
    const version = versions.find(({ name }) => `${group}/${name}` === apiVersion)
    if (names?.kind !== kind || version === undefined) continue
    return { namespaced: scope !== 'Cluster', status: version.subresources?.status === undefined ? 'never' : 'always' }
  }
  return ours && apiVersion.startsWith('pawl.dev/') ? { namespaced: true, status: 'always' } : undefined
}
