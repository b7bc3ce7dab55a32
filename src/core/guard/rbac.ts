// Who needs which permission: lists that are printed, and applied by those who give permissions.
import type { ResourceObject } from '../resources.ts'

export const PERSONAS = ['installing', 'operating', 'scheduling', 'watching'] as const
export type Persona = (typeof PERSONAS)[number]

export interface Rule {
  apiGroups: string[]
  resources: string[]
  verbs: string[]
  resourceNames?: string[]
}

export function rule(group: string, resources: string[], ...verbs: string[]): Rule {
  return { apiGroups: [group], resources, verbs }
}

const ADMISSION = 'admissionregistration.k8s.io'
const POLICIES = ['validatingadmissionpolicies', 'validatingadmissionpolicybindings']
const READ = ['get', 'list', 'watch']

/** Once, by somebody who may change what belongs to the cluster. Whoever binds a policy must be allowed to read its parameters. */
const INSTALLING: Rule[] = [
  rule('apiextensions.k8s.io', ['customresourcedefinitions'], 'get', 'create', 'patch'),
  rule(ADMISSION, POLICIES, 'get', 'list', 'create', 'update', 'delete'),
  rule('pawl.dev', ['releaseguards'], 'get', 'list', 'create', 'update', 'delete'),
  // To see what runs, and to ask the guard with dry runs.
  rule('pawl.dev', ['runs'], 'get', 'list'),
  rule('', ['namespaces'], 'get'),
  rule('', ['pods'], 'get', 'list'),
  rule('', ['secrets'], 'get', 'list', 'create'),
  rule('', ['configmaps'], 'create'),
]

/** In the namespace of the release, beside what Helm itself needs there: it reads and writes every kind of the chart. */
const OPERATING: Rule[] = [
  rule('pawl.dev', ['releaseguards'], 'get', 'list', 'create', 'update', 'delete'),
  rule(
    'pawl.dev',
    ['installations', 'installations/status', 'runs', 'runs/status', 'backupsets', 'backupsets/status'],
    ...READ,
    'create',
    'update',
    'delete',
  ),
  rule('coordination.k8s.io', ['leases'], 'get', 'create', 'update'),
  // Helm's records, logins for Jobs, and probes, which are dry runs.
  rule('', ['secrets', 'configmaps'], ...READ, 'create', 'update', 'patch', 'delete'),
  rule('', ['events'], 'get', 'list', 'create'),
  // A pod asks the node whether it has the target's images.
  rule('', ['pods'], ...READ, 'create', 'delete'),
  rule('', ['pods/log'], 'get'),
  rule('', ['persistentvolumeclaims'], 'get', 'create'),
  rule('', ['serviceaccounts'], 'get'),
  rule('', ['resourcequotas', 'limitranges'], 'list'),
  rule('apps', ['deployments'], ...READ, 'patch'),
  rule('autoscaling', ['horizontalpodautoscalers'], 'get', 'list'),
  rule('batch', ['jobs'], ...READ, 'create', 'patch', 'delete'),
  rule('batch', ['cronjobs'], 'get', 'list'),
  // Who else holds credentials of a database.
  rule('apps', ['statefulsets', 'daemonsets'], 'get', 'list'),
]

/** Beside operating: a schedule has an account and a role of its own, and nobody gives away rights that they do not have. */
const SCHEDULING: Rule[] = [
  rule('', ['serviceaccounts'], 'get', 'create', 'patch', 'delete'),
  rule('rbac.authorization.k8s.io', ['roles', 'rolebindings'], 'get', 'create', 'patch', 'delete'),
  rule('batch', ['cronjobs'], 'get', 'create', 'patch', 'delete'),
]

const WATCHING: Rule[] = [
  rule('pawl.dev', ['releaseguards', 'installations', 'runs', 'backupsets'], ...READ),
  // Helm's records; probes are dry runs.
  rule('', ['secrets'], 'get', 'list', 'create'),
  rule('', ['configmaps'], 'get', 'create'),
  rule('', ['pods'], ...READ),
  rule('apps', ['deployments'], 'list'),
  rule('batch', ['cronjobs'], 'get'),
]

/** Read-only parts of the cluster: without them the probes alone tell whether the guard holds. */
const SEEING: Rule[] = [rule(ADMISSION, POLICIES, 'get', 'list'), rule('', ['namespaces'], 'get')]

function role(kind: 'Role' | 'ClusterRole', name: string, rules: Rule[], namespace?: string): ResourceObject {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind,
    metadata: {
      name,
      labels: { 'app.kubernetes.io/managed-by': 'pawl' },
      ...(namespace === undefined ? {} : { namespace }),
    },
    rules,
  }
}

export function rolesFor(persona: Persona, namespace: string): ResourceObject[] {
  switch (persona) {
    case 'installing':
      return [role('ClusterRole', 'pawl-installing', INSTALLING)]
    case 'operating':
      return [role('Role', 'pawl-operating', OPERATING, namespace), role('ClusterRole', 'pawl-seeing', SEEING)]
    case 'scheduling':
      return [role('Role', 'pawl-scheduling', SCHEDULING, namespace)]
    case 'watching':
      return [role('Role', 'pawl-watching', WATCHING, namespace), role('ClusterRole', 'pawl-seeing', SEEING)]
  }
}
