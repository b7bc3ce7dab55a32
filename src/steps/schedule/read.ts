// Reads the schedule of a release from the cluster.
import { parseSchedule, scheduleName, type FoundSchedule } from '../../core/schedule/schedule.ts'
import type { Cluster, KubeObject, ObjectRef } from '../../ports/cluster.ts'

export interface Place {
  cluster: Cluster
  namespace: string
  release: string
}

/** `undefined` where there is none, or a CronJob of that name that is no schedule of this release. */
export async function readSchedule(place: Place, signal?: AbortSignal): Promise<FoundSchedule | undefined> {
  const object = await readCronJob(place, signal)
  return object === undefined ? undefined : parseSchedule(object, place.release)
}

export async function readCronJob(place: Place, signal?: AbortSignal): Promise<KubeObject | undefined> {
  return await place.cluster.get(cronJobRef(place), signal)
}

export function cronJobRef({ namespace, release }: Omit<Place, 'cluster'>): ObjectRef {
  return { apiVersion: 'batch/v1', kind: 'CronJob', namespace, name: scheduleName(release) }
}
