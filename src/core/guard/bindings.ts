// Where the policies hold: bound to each guarded namespace alone, so that nothing elsewhere depends on Pawl being whole.
import type { ResourceObject } from '../resources.ts'
import { FLOOR_POLICY, GUARD_LABELS, KEPT_POLICY, RECORD_POLICY } from './policies.ts'

const API = 'admissionregistration.k8s.io/v1'

/** The namespace as its object says; with its uid the bindings go when it goes. */
export interface GuardedNamespace {
  name: string
  uid?: string
}

export function bindingName(policy: string, namespace: string): string {
  return `${policy}.${namespace}`
}

function binding(
  policy: string,
  name: string,
  spec: Record<string, unknown>,
  owner?: GuardedNamespace,
): ResourceObject {
  const ownerReferences =
    owner?.uid === undefined ? [] : [{ apiVersion: 'v1', kind: 'Namespace', name: owner.name, uid: owner.uid }]
  return {
    apiVersion: API,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: {
      name,
      labels: GUARD_LABELS,
      ...(ownerReferences.length === 0 ? {} : { ownerReferences }),
    },
    spec: { policyName: policy, validationActions: ['Deny', 'Audit'], ...spec },
  }
}

/** A namespace without any guard refuses what the policies watch: a guard that vanished must not open anything. */
export function namespaceBindings(namespace: GuardedNamespace): ResourceObject[] {
  return [RECORD_POLICY, FLOOR_POLICY].map((policy) =>
    binding(
      policy,
      bindingName(policy, namespace.name),
      {
        // Without a namespace here the guards are those of the object's own namespace.
        paramRef: { selector: {}, parameterNotFoundAction: 'Deny' },
        matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace.name } } },
      },
      namespace,
    ),
  )
}

/** Holds everywhere, and looks at nothing but deletions of guards. */
export const KEPT_BINDING = binding(KEPT_POLICY, KEPT_POLICY, {})
