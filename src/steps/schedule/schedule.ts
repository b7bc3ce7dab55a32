// Puts a schedule into the cluster, takes it out, and notes what came of it.
import { PawlError, isPawlError } from '../../core/errors.ts'
import { listOf, recordOf, textOf } from '../../core/json.ts'
import { dataImageOf, RELEASE_LABEL } from '../../core/resources.ts'
import type { Installation, ResourceObject } from '../../core/resources.ts'
import { scheduleObjects } from '../../core/schedule/objects.ts'
import {
  LAST_ANNOTATION,
  parseSchedule,
  scheduleName,
  type Schedule,
  type ScheduledOutcome,
} from '../../core/schedule/schedule.ts'
import { storeText } from '../../core/store/spec.ts'
import type { KubeObject } from '../../ports/cluster.ts'
import { readBackupSets } from '../preflight/kept.ts'
import { cronJobRef, readCronJob, type Place } from './read.ts'

const MANAGER = 'pawl-schedule'

/** As they would be put in. Throws `input-invalid` where a pod could not do it. */
export async function plannedObjects(
  place: Place,
  schedule: Schedule,
  installation: Installation,
  signal?: AbortSignal,
): Promise<ResourceObject[]> {
  const { cluster, namespace, release } = place
  if (installation.store.type === 'directory') {
    throw new PawlError({
      code: 'input-invalid',
      message: `backups of ${release} go to a directory of this machine (${storeText(installation.store)}), which no pod reaches`,
      unchanged: 'Nothing was changed.',
      hint: 'Let cron of this machine run "pawl backup create {release} -n {namespace}", or keep sets in a bucket or volume.',
      facts: { release, namespace },
    })
  }
  const account = await cluster.get({ apiVersion: 'v1', kind: 'ServiceAccount', namespace, name: 'default' }, signal)
  const imagePullSecrets = listOf(account?.['imagePullSecrets']).flatMap(
    (secret) => textOf(recordOf(secret)['name']) ?? [],
  )
  const [newest] = await readBackupSets(cluster, namespace, release, signal)
  return scheduleObjects(schedule, {
    image: dataImageOf(installation, newest?.status.databases[0]?.serverMajor),
    imagePullSecrets,
  })
}

/** Idempotent: the same again changes nothing, another one takes the place of what was there. */
export async function putSchedule(
  place: Place,
  objects: readonly ResourceObject[],
  signal?: AbortSignal,
): Promise<void> {
  await refuseStranger(place, signal)
  for (const object of objects)
    await place.cluster.apply(object as KubeObject, { manager: MANAGER, force: true }, signal)
}

/** The CronJob first: nothing starts any more whose rights are gone half-way. Jobs of it that run go with it. */
export async function removeSchedule(place: Place, signal?: AbortSignal): Promise<boolean> {
  const { cluster, namespace, release } = place
  await refuseStranger(place, signal)
  const name = scheduleName(release)
  const rbac = 'rbac.authorization.k8s.io/v1'
  let removed = false
  for (const ref of [
    cronJobRef(place),
    { apiVersion: rbac, kind: 'RoleBinding', namespace, name },
    { apiVersion: rbac, kind: 'Role', namespace, name },
    { apiVersion: 'v1', kind: 'ServiceAccount', namespace, name },
  ])
    removed = (await cluster.remove(ref, {}, signal)) || removed
  return removed
}

/** Where nobody scheduled it (a person runs it by hand), there is nowhere to note it. */
export async function noteOutcome(place: Place, outcome: ScheduledOutcome): Promise<void> {
  const { cluster } = place
  const body = { metadata: { annotations: { [LAST_ANNOTATION]: JSON.stringify(outcome) } } }
  try {
    await cluster.patch(cronJobRef(place), { type: 'merge', body })
  } catch (error) {
    if (!isPawlError(error, 'cluster-conflict')) throw error
  }
}

/** Another release's schedule can have the name, since long ones are cut; and somebody else's CronJob can. */
async function refuseStranger(place: Place, signal?: AbortSignal): Promise<void> {
  const live = await readCronJob(place, signal)
  if (live === undefined || parseSchedule(live, place.release) !== undefined) return
  throw new PawlError({
    code: 'cluster-conflict',
    message: `CronJob ${live.metadata.name} in namespace ${place.namespace} is not a schedule of ${place.release} (${live.metadata.labels?.[RELEASE_LABEL] ?? 'no release'})`,
    unchanged: 'Nothing was changed.',
  })
}
