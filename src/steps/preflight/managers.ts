// Looks for the marks of other tools that install and upgrade: on live workloads, in Helm's record, and their own objects.
import { isPawlError, PawlError } from '../../core/errors.ts'
import type { JsonRecord } from '../../core/json.ts'
import { kindOf } from '../../core/rendered/objects.ts'
import { fluxOwnerOf, managersOf } from '../../core/status/managers.ts'
import type { Manager } from '../../core/status/managers.ts'
import type { Cluster, KubeObject } from '../../ports/cluster.ts'
import type { ReleaseRecord } from '../../ports/helm.ts'

/** The one version that Flux still serves in its supported releases. */
const HELM_RELEASE = { apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease' }

const WORKLOADS = new Set(['Deployment', 'StatefulSet', 'DaemonSet'])

/** What can be read before the release itself is known. */
export interface ManagerReads {
  /** Metadata only. */
  deployments: KubeObject[]
  /** Of the release's own namespace. */
  helmReleases: KubeObject[]
}

export async function readManagerMarks(
  cluster: Cluster,
  namespace: string,
  signal?: AbortSignal,
): Promise<ManagerReads> {
  const [deployments, helmReleases] = await Promise.all([
    cluster.list({ apiVersion: 'apps/v1', kind: 'Deployment', namespace, metadataOnly: true }, signal),
    cluster.list({ ...HELM_RELEASE, namespace }, signal).catch(hidden),
  ])
  return { deployments, helmReleases }
}

/** Who may not see HelmReleases still sees Flux's labels on all that it renders; only one that never did anything yet is missed. */
function hidden(error: unknown): KubeObject[] {
  if (isPawlError(error, 'cluster-refused')) return []
  throw error
}

/**
 * @param manifest the record's objects, at least its workloads
 * @param pods every pod of the namespace
 */
export async function findManagers(
  cluster: Cluster,
  record: ReleaseRecord,
  { deployments, helmReleases }: ManagerReads,
  manifest: readonly JsonRecord[],
  pods: readonly KubeObject[],
  signal?: AbortSignal,
): Promise<Manager[]> {
  const own = manifest.filter((object) => WORKLOADS.has(kindOf(object)))
  const live = ofRelease(deployments, own)
  const marked = fluxOwnerOf([...live, ...own])
  const elsewhere =
    marked === undefined || marked.namespace === record.namespace
      ? undefined
      : await cluster.get({ ...HELM_RELEASE, ...marked }, signal)
  return managersOf(
    {
      workloads: [...live, ...own],
      neighbours: [...deployments, ...pods].map((object) => ({ ...object })),
      chartValues: record.chart.values,
      helmReleases: [...helmReleases, ...(elsewhere === undefined ? [] : [elsewhere])].map((found) => ({ ...found })),
    },
    { name: record.name, namespace: record.namespace },
  )
}

/** Argo CD renders charts without leaving a record: where its marks are, that is why there is none. */
export function releaseNotFound(place: { release: string; namespace: string }, reads?: ManagerReads): PawlError {
  const { release: name, namespace } = place
  const workloads = (reads?.deployments ?? []).map((object) => ({ ...object }))
  const traces = { workloads, neighbours: [], chartValues: {}, helmReleases: [] }
  const argo = managersOf(traces, { name, namespace }).find(({ tool }) => tool === 'Argo CD')
  const message = `there is no Helm release ${name} in namespace ${namespace}`
  if (argo === undefined) return new PawlError({ code: 'release-not-found', message, facts: { ...place } })
  return new PawlError({
    code: 'release-not-found',
    message: `${message}; Argo CD manages what is there (${argo.evidence}), and leaves no record of Helm's`,
    hint: 'What Argo CD applies is upgraded where its Git says so; Pawl works on releases of Helm.',
    facts: { ...place, managedBy: argo.tool, owner: argo.owner },
  })
}

/** Marks on somebody else's Deployment in the same namespace say nothing about this release. */
function ofRelease(deployments: readonly KubeObject[], own: readonly JsonRecord[]): JsonRecord[] {
  const names = new Set(own.map((object) => (object['metadata'] as { name?: string } | undefined)?.name))
  return deployments.filter(({ metadata }) => names.has(metadata.name)).map((object) => ({ ...object }))
}
