// From apiVersion and kind to the address of a resource: a table for the usual kinds, the server's own list for the rest.

export interface Resource {
  plural: string
  namespaced: boolean
}

const TABLE: Record<string, Record<string, string>> = {
  v1: {
    ConfigMap: 'configmaps',
    Endpoints: 'endpoints',
    Event: 'events',
    LimitRange: 'limitranges',
    Namespace: '*namespaces',
    Node: '*nodes',
    PersistentVolume: '*persistentvolumes',
    PersistentVolumeClaim: 'persistentvolumeclaims',
    Pod: 'pods',
    ReplicationController: 'replicationcontrollers',
    ResourceQuota: 'resourcequotas',
    Secret: 'secrets',
    Service: 'services',
    ServiceAccount: 'serviceaccounts',
  },
  'apps/v1': {
    ControllerRevision: 'controllerrevisions',
    DaemonSet: 'daemonsets',
    Deployment: 'deployments',
    ReplicaSet: 'replicasets',
    StatefulSet: 'statefulsets',
  },
  'batch/v1': { CronJob: 'cronjobs', Job: 'jobs' },
  'autoscaling/v1': { HorizontalPodAutoscaler: 'horizontalpodautoscalers' },
  'autoscaling/v2': { HorizontalPodAutoscaler: 'horizontalpodautoscalers' },
  'policy/v1': { PodDisruptionBudget: 'poddisruptionbudgets' },
  'coordination.k8s.io/v1': { Lease: 'leases' },
  'networking.k8s.io/v1': { Ingress: 'ingresses', IngressClass: '*ingressclasses', NetworkPolicy: 'networkpolicies' },
  'rbac.authorization.k8s.io/v1': {
    ClusterRole: '*clusterroles',
    ClusterRoleBinding: '*clusterrolebindings',
    Role: 'roles',
    RoleBinding: 'rolebindings',
  },
  'apiextensions.k8s.io/v1': { CustomResourceDefinition: '*customresourcedefinitions' },
  'admissionregistration.k8s.io/v1': {
    MutatingWebhookConfiguration: '*mutatingwebhookconfigurations',
    ValidatingAdmissionPolicy: '*validatingadmissionpolicies',
    ValidatingAdmissionPolicyBinding: '*validatingadmissionpolicybindings',
    ValidatingWebhookConfiguration: '*validatingwebhookconfigurations',
  },
  'authorization.k8s.io/v1': {
    SelfSubjectAccessReview: '*selfsubjectaccessreviews',
    SelfSubjectRulesReview: '*selfsubjectrulesreviews',
    SubjectAccessReview: '*subjectaccessreviews',
  },
  'storage.k8s.io/v1': { StorageClass: '*storageclasses', VolumeAttachment: '*volumeattachments' },
  'pawl.dev/v1alpha1': {
    BackupSet: 'backupsets',
    Installation: 'installations',
    ReleaseGuard: 'releaseguards',
    Run: 'runs',
  },
}

/** Kinds of the table need no question to the server. Cluster-wide ones are marked with a star. */
export function knownResource(apiVersion: string, kind: string): Resource | undefined {
  const entry = TABLE[apiVersion]?.[kind]
  if (entry === undefined) return undefined
  return { plural: entry.replace(/^\*/, ''), namespaced: !entry.startsWith('*') }
}

export interface Address {
  namespace?: string | undefined
  name?: string | undefined
  subresource?: string | undefined
}

export function resourcePath(apiVersion: string, resource: Resource, address: Address): string {
  const parts = [groupPath(apiVersion)]
  if (resource.namespaced && address.namespace !== undefined)
    parts.push('namespaces', encodeURIComponent(address.namespace))
  parts.push(resource.plural)
  if (address.name !== undefined) parts.push(encodeURIComponent(address.name))
  if (address.subresource !== undefined) parts.push(address.subresource)
  return parts.join('/')
}

/** `/api/v1`, `/apis/apps/v1` */
export function groupPath(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
}

/** For messages: `deployments.apps`, `secrets`. */
export function resourceName(apiVersion: string, resource: Resource, subresource?: string): string {
  const group = apiVersion.includes('/') ? `.${apiVersion.slice(0, apiVersion.indexOf('/'))}` : ''
  return `${resource.plural}${group}${subresource === undefined ? '' : `/${subresource}`}`
}
