// Is the Helm that wrote a pending record still at work? Nobody can ask it: how long it left its record alone and its hooks tell.
import { valueAt } from '../../core/json.ts'
import type { Cluster, KubeObject } from '../../ports/cluster.ts'
import type { ReleaseRecord } from '../../ports/helm.ts'
import type { Clock } from '../../ports/world.ts'

/** Helm writes its record whenever a hook begins or ends; in between it waits for that hook, and for nothing else where it was not told to. */
export const STALE_AFTER_MS = 60_000
/** Longer than a run's Helm waits for one hook: a hook that goes on is nobody's any more. */
const HOOK_WAITED_FOR_MS = 360_000

export function isPending(record: ReleaseRecord): boolean {
  return record.status.startsWith('pending-')
}

export function ageMs(record: ReleaseRecord, now: Date): number {
  const touched = Number(record.labels['modifiedAt'] ?? record.labels['createdAt'])
  const at = Number.isFinite(touched) && touched > 0 ? touched * 1000 : Date.parse(record.lastDeployedAt ?? '')
  return Number.isFinite(at) ? now.getTime() - at : Number.POSITIVE_INFINITY
}

/** Why a run takes it that a Helm is still writing this record; undefined where it was left behind. */
export async function helmAtWork(
  { cluster, clock }: { cluster: Cluster; clock: Clock },
  record: ReleaseRecord,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const age = ageMs(record, clock.now())
  if (age < STALE_AFTER_MS) return `it was written ${Math.round(age / 1000)} s ago`
  if (age >= HOOK_WAITED_FOR_MS) return undefined
  const hook = await hookUnderWay(cluster, record, signal)
  return hook === undefined ? undefined : `hook ${hook} is running`
}

/** `Kind/name` of a hook of this record that has begun and not ended. */
export async function hookUnderWay(
  cluster: Cluster,
  { hooks, namespace }: ReleaseRecord,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const refs = hooks.flatMap(({ kind, name }) => {
    const apiVersion = { Job: 'batch/v1', Pod: 'v1' }[kind]
    return apiVersion === undefined ? [] : [{ apiVersion, kind, namespace, name }]
  })
  const found = await Promise.all(refs.map(async (ref) => await cluster.get(ref, signal)))
  const index = found.findIndex((object) => object !== undefined && isUnderWay(object))
  const running = refs[index]
  return running === undefined ? undefined : `${running.kind}/${running.name}`
}

function isUnderWay(object: KubeObject): boolean {
  if (object.kind === 'Job') return Number(valueAt(object, 'status.active') ?? 0) > 0
  const phase = valueAt(object, 'status.phase')
  return phase !== 'Succeeded' && phase !== 'Failed'
}
