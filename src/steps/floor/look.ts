// Looking at the floors of what is installed: once, or again and again for as long as somebody watches.
import type { DatabaseTarget, TaskOf } from '../../core/data/tasks.ts'
import { isPawlError } from '../../core/errors.ts'
import type { SeenFloor } from '../../core/floor/floor.ts'
import type { Profile } from '../../core/profile/profile.ts'
import type { DataPlane } from '../../ports/dataplane.ts'
import type { ReleaseRecords } from '../../ports/helm.ts'
import type { Clock, Ids } from '../../ports/world.ts'
import { deployedIn, readHistory } from '../preflight/history.ts'
import { once } from '../preflight/observed.ts'
import { databasesInstalled, doubtsOf } from '../preflight/status-look.ts'
import type { FloorPlace } from './record.ts'

export interface FloorDeps extends FloorPlace {
  dataPlane: DataPlane
  records: Pick<ReleaseRecords, 'history'>
  clock: Clock
  ids: Ids
  profile: Profile
  parseYaml(text: string): unknown[]
}

/** One Job stands as long as nothing changes: then where the databases are is asked again. */
const ONE_WATCH_MS = 600_000
const AFTER_FAILURE_MS = 5_000

export interface Installed {
  targets: DatabaseTarget[]
  /** Databases of which it is not sure that the release uses them. */
  doubtful: SeenFloor[]
}

/** Empty where there is no release. */
export async function installedDatabases(deps: FloorDeps, signal?: AbortSignal): Promise<Installed> {
  const history = await readHistory(deps.records, deps, signal)
  const record = deployedIn(history) ?? history[0]
  const found = record === undefined ? [] : await databasesInstalled(deps, deps.profile, record, signal)
  const sure = found.filter((database) => doubtsOf(database).length === 0)
  const unsure = found.filter((database) => doubtsOf(database).length > 0)
  return {
    targets: sure.map(({ target }) => target),
    doubtful: unsure.map((database) => ({ role: database.target.role, why: doubtsOf(database).join('; ') })),
  }
}

/** A database that cannot be reached is said to be so. Throws where the look itself fails. */
export async function lookAtFloors(deps: FloorDeps, signal?: AbortSignal): Promise<SeenFloor[]> {
  const { targets, doubtful } = await installedDatabases(deps, signal)
  return [...(await readFloors(deps, targets, undefined, signal)), ...doubtful]
}

/** Who only reads is given no administrator. */
export async function readFloors(
  deps: FloorDeps,
  targets: readonly DatabaseTarget[],
  watch?: TaskOf<'floor'>['watch'],
  signal?: AbortSignal,
): Promise<SeenFloor[]> {
  const databases = targets.map(({ admin: _admin, ...target }) => target)
  return await runFloorTask(deps, { kind: 'floor', databases, ...(watch === undefined ? {} : { watch }) }, signal)
}

export async function runFloorTask(deps: FloorDeps, task: TaskOf<'floor'>, signal?: AbortSignal): Promise<SeenFloor[]> {
  if (task.databases.length === 0) return []
  const options = signal === undefined ? {} : { signal }
  const { databases } = await once(deps, 'floor', (id) => deps.dataPlane.run<'floor'>(task, { id, ...options }))
  return databases
}

/** Tells what is seen first, and whenever something else is seen. Ends with the signal; what fails is told, and tried again. */
export async function watchFloors(
  deps: FloorDeps,
  tell: (seen: SeenFloor[]) => void,
  signal: AbortSignal,
): Promise<void> {
  let known: SeenFloor[] | undefined
  while (!signal.aborted) {
    try {
      const { targets, doubtful } = await installedDatabases(deps, signal)
      const watch = known === undefined ? undefined : { known, forMs: ONE_WATCH_MS }
      known = await readFloors(deps, targets, watch, signal)
      tell([...known, ...doubtful])
      if (targets.length === 0) await deps.clock.sleep(AFTER_FAILURE_MS, signal)
    } catch (error) {
      if (signal.aborted) return
      if (!isPawlError(error) || error.code === 'internal') throw error
      known = undefined
      tell([{ role: 'the databases', why: error.message }])
      await deps.clock.sleep(AFTER_FAILURE_MS, signal).catch(() => undefined)
    }
  }
}
