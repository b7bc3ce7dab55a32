// Who else looks after an installation: the marks that KOTS, Flux and Argo CD leave, and what they mean for somebody who upgrades.
import { isRecord, listOf, recordOf, textOf, valueAt } from '../json.ts'
import type { JsonRecord } from '../json.ts'
import { objectName, objectTitle } from '../rendered/objects.ts'

export interface Manager {
  tool: 'KOTS' | 'Flux' | 'Argo CD'
  /** The tool's own name for it: slug of the application, `namespace/name` of the HelmRelease, name of the Application. */
  owner: string
  /** `absent`: there are marks, and in this cluster nobody whom they could be of. */
  state: 'active' | 'suspended' | 'absent'
  /** What gives it away. */
  evidence: string
}

export interface Traces {
  /** Metadata of the release's own workloads: live ones, and those of Helm's record. */
  workloads: readonly JsonRecord[]
  /** Every pod and Deployment of the namespace, whosever it is. */
  neighbours: readonly JsonRecord[]
  /** Values of the chart as Helm recorded them: KOTS packs charts anew, with its own values in them. */
  chartValues: JsonRecord
  /** HelmReleases of Flux that were found, in whatever namespace. */
  helmReleases: readonly JsonRecord[]
}

/** Labels that helm-controller puts on every object it renders (fluxcd/helm-controller, internal/postrender/origin_labels.go). */
const FLUX = 'helm.toolkit.fluxcd.io'

/** HelmRelease that the marks on workloads name. */
export function fluxOwnerOf(workloads: readonly JsonRecord[]): { name: string; namespace: string } | undefined {
  for (const workload of workloads) {
    const name = textOf(markOf(workload, 'labels', `${FLUX}/name`))
    const namespace = textOf(markOf(workload, 'labels', `${FLUX}/namespace`))
    if (name !== undefined && namespace !== undefined) return { name, namespace }
  }
  return undefined
}

export function managersOf(traces: Traces, release: { name: string; namespace: string }): Manager[] {
  return [kotsOf(traces), fluxOf(traces, release), argoOf(traces)].filter((found) => found !== undefined)
}

/**
 * KOTS sets `replicatedID` among the values of the chart's Replicated SDK (replicatedhq/kots, pkg/upstream/helm.go), annotates what it
 * renders itself, and labels its Admin Console. The SDK alone is no sign of it: plain Helm installs it as well.
 */
function kotsOf({ workloads, neighbours, chartValues }: Traces): Manager | undefined {
  const slug = workloads.map((workload) => markOf(workload, 'annotations', 'kots.io/app-slug')).find(isText)
  const adminConsole = neighbours.find(
    (object) =>
      markOf(object, 'labels', 'kots.io/kotsadm') === 'true' &&
      (objectName(object) === 'kotsadm' || markOf(object, 'labels', 'app') === 'kotsadm'),
  )
  const packed = Object.entries(chartValues).find(([, section]) => isText(recordOf(section)['replicatedID']))
  const evidence = [
    ...(slug === undefined ? [] : ['its annotation kots.io/app-slug on workloads']),
    ...(packed === undefined ? [] : [`its replicatedID in the values of the installed chart (${packed[0]})`]),
    ...(adminConsole === undefined ? [] : [`its Admin Console (${objectTitle(adminConsole)})`]),
  ]
  if (evidence.length === 0) return undefined
  return { tool: 'KOTS', owner: slug ?? 'Admin Console', state: 'active', evidence: evidence.join(', ') }
}

function fluxOf(
  { workloads, helmReleases }: Traces,
  release: { name: string; namespace: string },
): Manager | undefined {
  const marked = fluxOwnerOf(workloads)
  const object = helmReleases.find((candidate) =>
    marked === undefined ? installs(candidate, release) : isNamed(candidate, marked),
  )
  if (object === undefined) {
    if (marked === undefined) return undefined
    const evidence = `labels ${FLUX}/* on workloads; there is no such HelmRelease in this cluster`
    return { tool: 'Flux', owner: `${marked.namespace}/${marked.name}`, state: 'absent', evidence }
  }
  const owner = `${String(valueAt(object, 'metadata.namespace'))}/${objectName(object)}`
  const suspended = valueAt(object, 'spec.suspend') === true
  // Suspending does not end what the controller is doing at the moment.
  const atWork = listOf(valueAt(object, 'status.conditions')).some(
    (condition) => valueAt(condition, 'type') === 'Reconciling' && valueAt(condition, 'status') === 'True',
  )
  if (suspended && !atWork)
    return { tool: 'Flux', owner, state: 'suspended', evidence: `HelmRelease ${owner} is suspended` }
  const evidence = suspended ? `HelmRelease ${owner} is suspended and still at work` : `HelmRelease ${owner}`
  return { tool: 'Flux', owner, state: 'active', evidence }
}

/** By the rules of helm-controller: `releaseName`, else target namespace and name, else the name. */
function installs(helmRelease: JsonRecord, release: { name: string; namespace: string }): boolean {
  const own = String(valueAt(helmRelease, 'metadata.namespace'))
  const target = textOf(valueAt(helmRelease, 'spec.targetNamespace'))
  const name = objectName(helmRelease)
  const called = textOf(valueAt(helmRelease, 'spec.releaseName')) ?? (target === undefined ? name : `${target}-${name}`)
  return called === release.name && (target ?? own) === release.namespace
}

function isNamed(object: JsonRecord, { name, namespace }: { name: string; namespace: string }): boolean {
  return objectName(object) === name && valueAt(object, 'metadata.namespace') === namespace
}

/**
 * Argo CD keeps no Helm record and may live in another cluster: its marks alone count. The tracking id names the object it stands on;
 * one that was copied from elsewhere names another (argo-cd, docs/user-guide/resource_tracking.md).
 */
function argoOf({ workloads }: Traces): Manager | undefined {
  for (const workload of workloads) {
    const id = textOf(markOf(workload, 'annotations', 'argocd.argoproj.io/tracking-id'))
    if (id?.endsWith(`/${objectName(workload)}`) === true) {
      const owner = id.split(':')[0] ?? ''
      return {
        tool: 'Argo CD',
        owner,
        state: 'active',
        evidence: `annotation argocd.argoproj.io/tracking-id on ${objectTitle(workload)}`,
      }
    }
    const label = textOf(markOf(workload, 'labels', 'argocd.argoproj.io/instance'))
    if (label !== undefined) {
      const evidence = `label argocd.argoproj.io/instance on ${objectTitle(workload)}`
      return { tool: 'Argo CD', owner: label, state: 'active', evidence }
    }
  }
  return undefined
}

function markOf(object: JsonRecord, where: 'labels' | 'annotations', name: string): unknown {
  const marks = valueAt(object, ['metadata', where])
  return isRecord(marks) ? marks[name] : undefined
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
