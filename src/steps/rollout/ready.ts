// Is a release really up? Our own criteria: Helm says "deployed" long before pods are ready (facts about the vendor's chart).
import { recordOf, valueAt } from '../../core/json.ts'
import type { StepContext } from '../step.ts'
import { readDeployments, type DeploymentView } from '../workloads/deployments.ts'
import { isReady, podsOf, whyNotReady } from '../workloads/pods.ts'

export interface Readiness {
  ready: boolean
  deployments: { name: string; ready: number; wanted: number }[]
  /** Why pods are not ready, in the kubelet's words. */
  why: string[]
}

export async function readinessOf(context: StepContext, names: ReadonlySet<string>): Promise<Readiness> {
  const views = await readDeployments(context.cluster, context.namespace, names, context.signal)
  const missing = [...names].filter((name) => !views.some((view) => view.name === name))
  const stuck = views.filter((view) => !isUp(view))
  const pods = stuck.length === 0 ? [] : await podsOf(context.cluster, context.namespace, stuck, context.signal)
  return {
    ready: stuck.length === 0 && missing.length === 0,
    deployments: views.map((view) => ({
      name: view.name,
      ready: numberAt(view, 'readyReplicas'),
      wanted: view.replicas,
    })),
    why: [
      ...missing.map((name) => `Deployment ${name} is missing`),
      ...pods.filter((pod) => !isReady(pod)).map(whyNotReady),
    ],
  }
}

/** Every replica is of the newest template, ready, and no older one is left. */
function isUp(view: DeploymentView): boolean {
  const observed = valueAt(view.object, 'status.observedGeneration')
  return (
    typeof observed === 'number' &&
    observed >= (view.object.metadata.generation ?? 0) &&
    numberAt(view, 'updatedReplicas') === view.replicas &&
    numberAt(view, 'readyReplicas') === view.replicas &&
    numberAt(view, 'replicas') === view.replicas
  )
}

function numberAt(view: DeploymentView, field: string): number {
  const value = recordOf(view.object['status'])[field]
  return typeof value === 'number' ? value : 0
}
