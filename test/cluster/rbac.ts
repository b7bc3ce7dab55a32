// The one binding that `kubeadm init` would make: its administrators, among them the API server's client of the kubelet (logs, exec).
import { stringify } from 'yaml'

export function rbacManifests(): string {
  const group = 'rbac.authorization.k8s.io'
  return stringify({
    apiVersion: `${group}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: 'kubeadm:cluster-admins' },
    roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ apiGroup: group, kind: 'Group', name: 'kubeadm:cluster-admins' }],
  })
}
