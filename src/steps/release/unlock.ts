// Taking away the lock that a killed Helm left behind, without going back: the record is marked as failed, as Helm itself would have done.
import { PawlError } from '../../core/errors.ts'
import { valueAt } from '../../core/json.ts'
import { objectsOf } from '../../core/rendered/objects.ts'
import { strays } from '../../core/rendered/live.ts'
import type { Cluster } from '../../ports/cluster.ts'
import type { ReleaseRecord, ReleaseRecords } from '../../ports/helm.ts'
import type { Clock } from '../../ports/world.ts'
import { ageMs, isPending, STALE_AFTER_MS } from './record.ts'

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
 * it: the record was written a moment ago, or a Job of one of its hooks is running.
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
  const seconds = Math.round(ageMs(record, clock.now()) / 1000)
  if (seconds * 1000 < STALE_AFTER_MS) throw stillAtWork(place, record, `it was written ${seconds} s ago`)
  const [jobs, pods] = await Promise.all([
    cluster.list({ apiVersion: 'batch/v1', kind: 'Job', namespace }, signal),
    cluster.list({ apiVersion: 'v1', kind: 'Pod', namespace }, signal),
  ])
  const hooks = new Set(record.hooks.filter(({ kind }) => kind === 'Job').map(({ name }) => name))
  const running = jobs.find((job) => hooks.has(job.metadata.name) && Number(valueAt(job, 'status.active') ?? 0) > 0)
  if (running !== undefined) throw stillAtWork(place, record, `hook Job ${running.metadata.name} is running`)
  const deployed = history.find(({ status }) => status === 'deployed')
  if (deployed === undefined) return { record, applied: [] }
  const { appVersion, version } = deployed.chart
  return {
    record,
    deployed: { revision: deployed.revision, appVersion, chartVersion: version },
    applied: strays(
      objectsOf(parseYaml(deployed.manifest)),
      pods.map((pod) => ({ ...pod, kind: 'Pod' })),
    ),
  }
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
    hint: 'Wait until it is over, or until nothing has moved for a minute.',
    facts: { ...place, revision, status },
  })
}
