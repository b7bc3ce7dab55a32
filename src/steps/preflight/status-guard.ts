// The guard as `pawl status` asks for it: a few reads, no probe. `pawl guard status` looks deeper.
import { bindingName } from '../../core/guard/bindings.ts'
import { parseGuard } from '../../core/guard/guard.ts'
import { FLOOR_POLICY, RECORD_POLICY } from '../../core/guard/policies.ts'
import { isPawlError } from '../../core/errors.ts'
import { API_VERSION } from '../../core/resources.ts'
import type { GuardSummary } from '../../core/status/status.ts'
import type { Cluster } from '../../ports/cluster.ts'

const ADMISSION = 'admissionregistration.k8s.io/v1'

export async function readGuardSummary(
  cluster: Cluster,
  { release, namespace }: { release: string; namespace: string },
  signal?: AbortSignal,
): Promise<GuardSummary> {
  const ref = { apiVersion: API_VERSION, kind: 'ReleaseGuard', namespace, name: release }
  const object = await cluster.get(ref, signal)
  if (object === undefined) return { state: 'not installed' }
  const parts = [RECORD_POLICY, FLOOR_POLICY].flatMap((policy) => [
    { apiVersion: ADMISSION, kind: 'ValidatingAdmissionPolicy', name: policy },
    { apiVersion: ADMISSION, kind: 'ValidatingAdmissionPolicyBinding', name: bindingName(policy, namespace) },
  ])
  const found = await Promise.all(parts.map((part) => isThere(cluster.get(part, signal))))
  const { enforcement, opening } = parseGuard(object)
  const state = found.includes(false) ? 'broken' : enforcement === 'Audit' ? 'watching only' : 'installed'
  if (opening === undefined) return { state }
  const { by, reason, until } = opening
  return { state, opening: { by, reason, until } }
}

/** What may not be looked at may be there. */
async function isThere(asked: Promise<unknown>): Promise<boolean> {
  try {
    return (await asked) !== undefined
  } catch (error) {
    if (isPawlError(error, 'cluster-refused')) return true
    throw error
  }
}
