// Taking away the lock that a killed Helm left behind, without going back: the record is marked as failed, as Helm itself would have done.
import { PawlError } from '../../core/errors.ts'
import { listOf, valueAt } from '../../core/json.ts'
import { objectsOf, objectTitle } from '../../core/rendered/objects.ts'
import { strays } from '../../core/rendered/live.ts'
import type { Cluster, KubeObject } from '../../ports/cluster.ts'
import type { ReleaseRecord, ReleaseRecords } from '../../ports/helm.ts'
import type { Clock } from '../../ports/world.ts'
import { deployedIn } from '../preflight/history.ts'
import { ageMs, hookUnderWay, isPending, STALE_AFTER_MS } from './at-work.ts'

/**
 * Helm waits for a rollout without touching its record, as long as its --timeout says: 5 minutes unless told otherwise. What has not
 * come up by now, nobody waits for.
 */
const WAITED_FOR_AT_MOST_MS = 3_600_000

export interface UnlockDeps {
  cluster: Cluster
  records: ReleaseRecords
  clock: Clock
  parseYaml: (text: string) => unknown[]
}

export interface Stuck {
  record: ReleaseRecord
  /** What was deployed last, whose objects run as far as nothing of the pending revision was applied. */
  deployed?: { revision: number; appVersion: string; chartVersion: string }
  /** Ways in which pods already differ from that, in words. */
  applied: string[]
}

interface Place {
  release: string
  namespace: string
}

/**
 * `undefined` where no operation is pending. Throws `release-not-found`, and `release-pending` where somebody may still be at work on
 * it: the record was written a moment ago, one of its hooks is running, or what it applied is still rolling out.
 */
export async function findStuck(deps: UnlockDeps, place: Place, signal?: AbortSignal): Promise<Stuck | undefined> {
  const { cluster, records, clock, parseYaml } = deps
  const { release, namespace } = place
  const history = await records.history(release, namespace, {}, signal)
  const [record] = history
  if (record === undefined) {
    const message = `there is no Helm release ${release} in namespace ${namespace}`
    throw new PawlError({ code: 'release-not-found', message, facts: { ...place } })
  }
  if (!isPending(record)) return undefined
  const age = ageMs(record, clock.now())
  if (age < STALE_AFTER_MS) throw stillAtWork(place, record, `it was written ${Math.round(age / 1000)} s ago`)
  const list = async (apiVersion: string, kind: string): Promise<KubeObject[]> =>
    (await cluster.list({ apiVersion, kind, namespace }, signal)).map((object) => ({ ...object, kind }))
  const [hook, pods, ...workloads] = await Promise.all([
    hookUnderWay(cluster, record, signal),
    list('v1', 'Pod'),
    list('apps/v1', 'Deployment'),
    list('apps/v1', 'StatefulSet'),
  ])
  if (hook !== undefined) throw stillAtWork(place, record, `hook ${hook} is running`)
  const applied = new Set(objectsOf(parseYaml(record.manifest)).map(objectTitle))
  const moving = workloads.flat().find((workload) => applied.has(objectTitle(workload)) && isRollingOut(workload))
  if (moving !== undefined && age < WAITED_FOR_AT_MOST_MS)
    throw stillAtWork(place, record, `${objectTitle(moving)} is rolling out`)
  const deployed = deployedIn(history)
  if (deployed === undefined) return { record, applied: [] }
  const { appVersion, version } = deployed.chart
  return {
    record,
    deployed: { revision: deployed.revision, appVersion, chartVersion: version },
    applied: strays(objectsOf(parseYaml(deployed.manifest)), pods),
  }
}

/** Not yet up, and its own deadline has not given it up: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#failed-deployment */
function isRollingOut(workload: KubeObject): boolean {
  if (numberAt(workload, 'status.observedGeneration') < (workload.metadata.generation ?? 0)) return true
  const wanted = numberAt(workload, 'spec.replicas', 1)
  const up = Math.min(numberAt(workload, 'status.updatedReplicas'), numberAt(workload, 'status.readyReplicas'))
  const givenUp = listOf(valueAt(workload, 'status.conditions')).some(
    (condition) => valueAt(condition, 'reason') === 'ProgressDeadlineExceeded',
  )
  return up < wanted && !givenUp
}

function numberAt(object: KubeObject, path: string, otherwise = 0): number {
  const value = valueAt(object, path)
  return typeof value === 'number' ? value : otherwise
}

/** Throws `cluster-conflict` where somebody wrote the record since. */
export async function unlock({ records }: Pick<UnlockDeps, 'records'>, { record }: Stuck, by: string): Promise<void> {
  await records.markFailed(record, `pawl unlock by ${by}: its process ended before Helm did`)
}

function stillAtWork(place: Place, { revision, status }: ReleaseRecord, why: string): PawlError {
  return new PawlError({
    code: 'release-pending',
    message: `revision ${revision} is ${status}, and somebody may still be at work on it: ${why}`,
    unchanged: 'Nothing was changed.',
    hint: 'Wait until it is over: a rollout counts until its progress deadline, for at most an hour; a record alone for a minute.',
    facts: { ...place, revision, status },
  })
}
