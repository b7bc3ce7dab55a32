// One look at a guarded release: everything that findings are made of. Probes are dry-run writes; nothing is changed.
import { isPawlError } from '../../core/errors.ts'
import type { SeenFloor } from '../../core/floor/floor.ts'
import { findingsOf, type Finding, type GuardFacts } from '../../core/guard/findings.ts'
import type { ReleaseGuard } from '../../core/guard/guard.ts'
import { imagesOf } from '../../core/rendered/objects.ts'
import type { ResourceObject } from '../../core/resources.ts'
import type { VersionScheme } from '../../core/versions/version.ts'
import type { Cluster, KubeObject } from '../../ports/cluster.ts'
import type { ReleaseRecords } from '../../ports/helm.ts'
import { readRecordedFloor } from '../floor/record.ts'
import { isUnfinished, readRuns } from '../preflight/kept.ts'
import { readGuard } from './guard.ts'
import { probeGuard, type ProbeAnswer } from './prove.ts'
import { stampOf } from './stamp.ts'
import { namespaceSeen } from './visible.ts'

export interface GuardLook {
  guard?: ReleaseGuard
  findings: Finding[]
  /** Empty where nothing could be asked: no guard, or none in force. */
  probes: ProbeAnswer[]
  /** The API server's time. */
  now: Date
}

export interface LookDeps {
  cluster: Cluster
  records: ReleaseRecords
  namespace: string
  release: string
}

/** `floors`: what the databases say, where somebody looks at them as well. */
export async function lookAtGuard(
  deps: LookDeps,
  signal?: AbortSignal,
  floors?: { seen: readonly SeenFloor[]; scheme: VersionScheme },
): Promise<GuardLook> {
  const { cluster, records, namespace, release } = deps
  const [guard, { now }, installed, [newest], pods, runs, place] = await Promise.all([
    readGuard(deps, signal),
    stampOf(cluster, namespace, signal),
    installedParts(cluster, signal),
    records.history(release, namespace, { limit: 1 }, signal),
    cluster.list({ apiVersion: 'v1', kind: 'Pod', namespace }, signal),
    readRuns(cluster, namespace, release, signal),
    namespaceSeen(cluster, namespace, signal),
  ])
  const recorded = floors === undefined ? undefined : await readRecordedFloor(deps, signal)
  const probes = guard === undefined ? [] : await probeGuard(deps, guard, undefined, signal)
  const facts: GuardFacts = {
    release,
    now,
    namespace: place,
    pods: pods.filter(isAlive).map(seen),
    runs: runs.map((run) => ({ name: run.name, ended: !isUnfinished(run), kind: run.spec.kind })),
    wrong: probes.filter(({ right }) => !right),
    ...(floors === undefined ? {} : { databases: { ...floors, ...(recorded === undefined ? {} : { recorded }) } }),
    ...(guard === undefined ? {} : { guard }),
    ...(installed === undefined ? {} : { installed }),
    ...(newest === undefined
      ? {}
      : {
          newest: {
            revision: newest.revision,
            status: newest.status,
            description: newest.description,
            appVersion: newest.chart.appVersion,
          },
        }),
  }
  return { findings: findingsOf(facts), probes, now, ...(guard === undefined ? {} : { guard }) }
}

/** Who may only work in namespaces cannot see what belongs to the cluster: the probes still tell whether it holds. */
async function installedParts(cluster: Cluster, signal?: AbortSignal): Promise<ResourceObject[] | undefined> {
  const apiVersion = 'admissionregistration.k8s.io/v1'
  const kinds = ['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding']
  const lists = await Promise.all(kinds.map((kind) => cluster.list({ apiVersion, kind }, signal).catch(unread)))
  return lists.some((list) => list === undefined)
    ? undefined
    : lists.flatMap((list) => (list ?? []) as ResourceObject[])
}

function unread(error: unknown): undefined {
  if (isPawlError(error, 'cluster-refused')) return undefined
  throw error
}

function isAlive(pod: KubeObject): boolean {
  const phase = (pod['status'] as { phase?: string } | undefined)?.phase
  return phase !== 'Succeeded' && phase !== 'Failed' && pod.metadata.deletionTimestamp === undefined
}

function seen(pod: KubeObject): GuardFacts['pods'][number] {
  const instance = pod.metadata.labels?.['app.kubernetes.io/instance']
  return {
    name: pod.metadata.name,
    images: imagesOf({ ...pod, kind: 'Pod' }),
    ...(instance === undefined ? {} : { instance }),
  }
}
