// Writing the floor into every database of an installation, and remembering what stands where afterwards.
import type { DatabaseObservation, FloorWrite } from '../../core/data/tasks.ts'
import { PawlError } from '../../core/errors.ts'
import { compareFloors, type RecordedFloor, type SeenFloor, type WantedFloor } from '../../core/floor/floor.ts'
import type { VersionScheme } from '../../core/versions/version.ts'
import { readGuard } from '../guard/guard.ts'
import { databasesOfRun, freshTaskId, observationOf } from '../look.ts'
import type { StepContext } from '../step.ts'
import { readRecordedFloor, recordFloor } from './record.ts'

/** What is known after writing: a floor that is there although it was not written is not ours. */
export function recordedAfter(wanted: WantedFloor, seen: readonly SeenFloor[], now: Date): RecordedFloor {
  const missing = seen.flatMap(({ role, why }) => (why === undefined ? [] : [[role, why] as const]))
  return {
    floor: wanted.floor,
    run: wanted.run,
    recoveryEpoch: Math.max(wanted.recoveryEpoch, ...seen.map(({ floor }) => floor?.recoveryEpoch ?? 0)),
    at: now.toISOString(),
    roles: seen.filter(({ why }) => why === undefined).map(({ role }) => role),
    missing: Object.fromEntries(missing),
  }
}

/** Throws `floor-newer` where a database belongs to a newer release than the one that is to run on it. */
function refuseNewer(wanted: WantedFloor, seen: readonly SeenFloor[], scheme: VersionScheme): void {
  for (const { role, floor, why } of seen) {
    if (why !== undefined || floor === null || floor === undefined) continue
    if ((compareFloors(floor.floor, wanted.floor, scheme) ?? 1) <= 0) continue
    throw new PawlError({
      code: 'floor-newer',
      message: `database ${role} belongs to ${floor.floor} or newer (written by ${floor.run}), and ${wanted.floor} is to run on it`,
      facts: { role, floor: floor.floor, version: wanted.floor },
    })
  }
}

/** Before the first migration. Done once for a run: what the databases say afterwards is looked at by its steps. */
export async function raiseFloor(context: StepContext): Promise<void> {
  const { spec } = context
  const known = await readRecordedFloor(context, context.signal)
  if (spec.kind !== 'upgrade' || known?.run === context.run) return
  const floor = wantedOf(context, spec.plan.to.appVersion, known?.recoveryEpoch ?? 0)
  await write(context, { how: 'raise', floor, scheme: context.profile.versionScheme, ...epochOf(known) })
}

/** An Installation that was made anew remembers no recovery, the databases do. */
export function epochOf(known: RecordedFloor | undefined): { keepEpoch?: true } {
  return known === undefined ? { keepEpoch: true } : {}
}

/** After the databases were exchanged: they carry the floor of the release that they belong to. */
export async function setRecoveredFloor(context: StepContext): Promise<void> {
  const { spec } = context
  const known = await readRecordedFloor(context, context.signal)
  if (spec.kind !== 'recovery' || known?.run === context.run) return
  const guard = await readGuard(context, context.signal)
  const epoch = Math.max(known?.recoveryEpoch ?? 0, guard?.recoveryEpoch ?? 0) + 1
  await write(context, { how: 'set', floor: wantedOf(context, spec.plan.to.appVersion, epoch) })
}

function wantedOf(context: StepContext, version: string, recoveryEpoch: number): WantedFloor {
  const { namespace, release, profile, run } = context
  return {
    product: profile.name,
    release: `${namespace}/${release}`,
    appVersion: version,
    floor: version,
    run,
    recoveryEpoch,
  }
}

async function write(context: StepContext, how: Exclude<FloorWrite, { how: 'remove' }>): Promise<void> {
  const id = freshTaskId(context, 'floor')
  const databases = databasesOfRun(context)
  const [first] = databases
  if (first === undefined) return
  await context.stillOwner()
  try {
    const { databases: seen } = await context.dataPlane.run(
      { kind: 'floor', databases: databases.map(({ target }) => target), write: how },
      { id, serverMajor: first.serverMajor, signal: context.signal },
    )
    refuseNewer(how.floor, seen, context.profile.versionScheme)
    await recordFloor(context, recordedAfter(how.floor, seen, context.clock.now()), context.signal)
    for (const { role, why } of seen)
      if (why !== undefined) context.report({ phase: 'floor', role, note: `no floor in ${role}: ${why}` })
  } finally {
    await context.dataPlane.discard(id)
  }
}

/** What the databases themselves say of the floor that this run has written into them; undefined where it stands. */
export async function floorGone(
  context: StepContext,
  observations: readonly DatabaseObservation[],
): Promise<string | undefined> {
  const known = await readRecordedFloor(context, context.signal)
  if (known?.run !== context.run) return undefined
  const lost = known.roles.flatMap((role) => {
    const seen = observationOf(observations, role).floor
    // Raising leaves another spelling of the same version as it stands.
    const stands = compareFloors(seen?.floor ?? '', known.floor, context.profile.versionScheme) === 0
    return stands ? [] : [`${role} says ${seen?.floor ?? 'nothing'}`]
  })
  if (lost.length === 0) return undefined
  return `this run wrote floor ${known.floor} into its databases, but ${lost.join(', ')}: they were exchanged by hand meanwhile`
}
