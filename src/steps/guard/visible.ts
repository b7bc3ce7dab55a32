// Reading what belongs to the cluster, for those who may perhaps only work in a namespace.
import { isPawlError } from '../../core/errors.ts'
import type { Cluster, KubeObject, ObjectRef } from '../../ports/cluster.ts'

/** `hidden` where it may not be looked at: then it may be there. */
export async function visible(
  cluster: Cluster,
  ref: ObjectRef,
  signal?: AbortSignal,
): Promise<KubeObject | 'hidden' | undefined> {
  try {
    return await cluster.get(ref, signal)
  } catch (error) {
    if (isPawlError(error, 'cluster-refused')) return 'hidden'
    throw error
  }
}

/** Without its uid where it may not be looked at: what is bound to it then does not go when it goes. */
export async function namespaceSeen(
  cluster: Cluster,
  name: string,
  signal?: AbortSignal,
): Promise<{ name: string; uid?: string }> {
  const seen = await visible(cluster, { apiVersion: 'v1', kind: 'Namespace', name }, signal)
  const uid = seen === 'hidden' ? undefined : seen?.metadata.uid
  return { name, ...(uid === undefined ? {} : { uid }) }
}
