// What Pawl remembers to have written into the databases: in the status of the Installation.
import { isPawlError } from '../../core/errors.ts'
import type { RecordedFloor } from '../../core/floor/floor.ts'
import { canonicalJson, recordOf } from '../../core/json.ts'
import { API_VERSION, parseInstallation } from '../../core/resources.ts'
import type { Cluster, KubeObject } from '../../ports/cluster.ts'

export interface FloorPlace {
  cluster: Cluster
  namespace: string
  release: string
}

const TRIES = 8

async function installation(place: FloorPlace, signal?: AbortSignal): Promise<KubeObject | undefined> {
  const { cluster, namespace, release } = place
  return await cluster.get({ apiVersion: API_VERSION, kind: 'Installation', namespace, name: release }, signal)
}

/** Undefined where nothing was ever written. */
export async function readRecordedFloor(place: FloorPlace, signal?: AbortSignal): Promise<RecordedFloor | undefined> {
  const object = await installation(place, signal)
  return object === undefined ? undefined : parseInstallation(object).floor
}

/** All but the time: the same thing is not written again. */
function said(floor: RecordedFloor | undefined): string {
  return floor === undefined ? '' : canonicalJson({ ...floor, at: '' })
}

/** Undefined forgets it. Nothing is written where nothing changes, or where the Installation is gone. */
export async function recordFloor(
  place: FloorPlace,
  floor: RecordedFloor | undefined,
  signal?: AbortSignal,
): Promise<void> {
  for (let tried = 1; ; tried += 1) {
    const object = await installation(place, signal)
    if (object === undefined) return
    if (said(parseInstallation(object).floor) === said(floor)) return
    const { floor: _old, ...status } = recordOf(object['status'])
    const wanted = { ...object, status: floor === undefined ? status : { ...status, floor } }
    try {
      await place.cluster.replace(wanted, { subresource: 'status' }, signal)
      return
    } catch (error) {
      if (!isPawlError(error, 'cluster-conflict') || tried >= TRIES) throw error
    }
  }
}
