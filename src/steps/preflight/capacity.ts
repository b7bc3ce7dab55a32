// Reads what the target's pods would have to fit into: nodes, everybody's pods, quotas and limits of the namespace.
import { capacityFor } from '../../core/plan/capacity.ts'
import type { Capacity } from '../../core/plan/capacity.ts'
import type { DeploymentFacts } from '../../core/plan/facts.ts'
import type { JsonRecord } from '../../core/json.ts'
import { demandOf } from '../../core/rendered/demand.ts'
import { podsOfManifest } from '../../core/rendered/live.ts'
import type { Cluster, ListQuery } from '../../ports/cluster.ts'

export interface CapacityQuestion {
  namespace: string
  before: readonly JsonRecord[]
  after: readonly JsonRecord[]
  /** Deployments whose number of replicas is given back after the upgrade. */
  givenBack: readonly DeploymentFacts[]
}

/** Throws `cluster-refused` where somebody may not list nodes or other namespaces' pods. */
export async function readCapacity(
  cluster: Cluster,
  { namespace, before, after, givenBack }: CapacityQuestion,
  signal?: AbortSignal,
): Promise<Capacity> {
  const list = async (query: Omit<ListQuery, 'apiVersion'>): Promise<JsonRecord[]> =>
    (await cluster.list({ apiVersion: 'v1', ...query }, signal)).map((object) => ({ ...object }))
  const [nodes, pods, quotas, limitRanges] = await Promise.all([
    list({ kind: 'Node' }),
    list({ kind: 'Pod', fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed' }),
    list({ kind: 'ResourceQuota', namespace }),
    list({ kind: 'LimitRange', namespace }),
  ])
  const inNamespace = pods.filter((pod) => (pod['metadata'] as { namespace?: string }).namespace === namespace)
  const own = new Set(podsOfManifest(before, inNamespace))
  const replicas = Object.fromEntries(givenBack.map((one) => [`Deployment/${one.name}`, one.replicas]))
  return capacityFor(demandOf(after, replicas), { nodes, pods, quotas, limitRanges }, (pod) => own.has(pod))
}
