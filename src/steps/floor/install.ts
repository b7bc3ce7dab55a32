// The floor outside of runs: written for the release that runs when the guard is put in, taken away with it.
import type { DatabaseTarget, FloorWrite } from '../../core/data/tasks.ts'
import { PawlError } from '../../core/errors.ts'
import {
  compareFloors,
  floorFaults,
  type RecordedFloor,
  type SeenFloor,
  type WantedFloor,
} from '../../core/floor/floor.ts'
import { readVersion } from '../../core/versions/version.ts'
import { attempt } from '../preflight/deps.ts'
import { isUnfinished, readRuns } from '../preflight/kept.ts'
import { installedDatabases, readFloors, runFloorTask, type FloorDeps } from './look.ts'
import { readRecordedFloor, recordFloor } from './record.ts'
import { epochOf, recordedAfter } from './write.ts'

/** Who wrote a floor that no run wrote. */
const BY_INSTALLATION = 'install'

export interface InstallFloorRequest {
  /** Version that runs. */
  version: string
  /** Databases that were put there by hand are taken as they are. */
  accept: boolean
  dryRun: boolean
}

/** One line each: what was (or would be) written, and what was not, with the reason. */
export interface FloorReport {
  done: string[]
  missing: string[]
}

/** What fails is reported: a guard without its floor in the databases is still a guard. */
export async function installFloor(
  deps: FloorDeps,
  request: InstallFloorRequest,
  signal?: AbortSignal,
): Promise<FloorReport> {
  const report = await attempt(async () => await install(deps, request, signal))
  return report.known ? report.value : { done: [], missing: [`no floor in the databases: ${report.why}`] }
}

async function install(deps: FloorDeps, request: InstallFloorRequest, signal?: AbortSignal): Promise<FloorReport> {
  const { version, accept, dryRun } = request
  if (readVersion(version, deps.profile.versionScheme) === undefined)
    throw new PawlError({ code: 'version-unparsable', message: `${version} cannot be ordered` })
  const run = (await readRuns(deps.cluster, deps.namespace, deps.release, signal)).find(isUnfinished)
  if (run !== undefined)
    throw new PawlError({ code: 'run-unfinished', message: `run ${run.name} is under way and writes them itself` })
  const known = await readRecordedFloor(deps, signal)
  const { targets, doubtful } = await installedDatabases(deps, signal)
  const roles = targets.map(({ role }) => role)
  const whole = known?.floor === version && roles.every((role) => known.roles.includes(role))
  const unsure = doubtful.map(missingLine)
  if ((whole && !accept) || roles.length === 0) return { done: [], missing: unsure }
  const line = `floor ${version} in the databases ${roles.join(', ')}`
  if (dryRun) return { done: [line], missing: unsure }
  if (known !== undefined && !accept) {
    const faults = floorFaults({
      seen: [...(await readFloors(deps, targets, undefined, signal)), ...doubtful],
      recorded: known,
      running: version,
      scheme: deps.profile.versionScheme,
    })
    const restored = faults.filter(({ is }) => is === 'restored')
    if (restored.length > 0)
      return { done: [], missing: [...restored.map(({ text }) => `no floor was written: ${text}`), ...unsure] }
  }
  const record = await writeAll(deps, targets, { version, known }, signal)
  const written = record.roles.length === 0 ? [] : [`floor ${version} in the databases ${record.roles.join(', ')}`]
  const missing = Object.entries(record.missing).map(([role, why]) => missingLine({ role, why }))
  return { done: written, missing: [...missing, ...unsure] }
}

function missingLine({ role, why }: SeenFloor): string {
  return `no floor in ${role}: ${why ?? 'the reason is not known'}`
}

async function writeAll(
  deps: FloorDeps,
  databases: DatabaseTarget[],
  { version, known }: { version: string; known: RecordedFloor | undefined },
  signal?: AbortSignal,
): Promise<RecordedFloor> {
  const { namespace, release, profile } = deps
  const wanted: WantedFloor = {
    product: profile.name,
    release: `${namespace}/${release}`,
    appVersion: version,
    floor: version,
    run: BY_INSTALLATION,
    recoveryEpoch: known?.recoveryEpoch ?? 0,
  }
  const write: FloorWrite = { how: 'raise', floor: wanted, scheme: profile.versionScheme, ...epochOf(known) }
  const seen = await runFloorTask(deps, { kind: 'floor', databases, write }, signal)
  // A floor that is higher stays, and is no floor for what runs.
  const judged = seen.map((one): SeenFloor => {
    const same = compareFloors(one.floor?.floor ?? '', version, profile.versionScheme) === 0
    const higher = one.why === undefined && !same
    return higher ? { ...one, why: `it belongs to ${one.floor?.floor ?? 'nothing'} or newer` } : one
  })
  const record = recordedAfter(wanted, judged, deps.clock.now())
  await recordFloor(deps, record, signal)
  return record
}

/** Gives what was taken away and what could not be. */
export async function uninstallFloor(deps: FloorDeps, signal?: AbortSignal): Promise<FloorReport> {
  if ((await readRecordedFloor(deps, signal)) === undefined) return { done: [], missing: [] }
  const removed = await attempt(async () => {
    const { targets: databases } = await installedDatabases(deps, signal)
    return await runFloorTask(deps, { kind: 'floor', databases, write: { how: 'remove' } }, signal)
  })
  await recordFloor(deps, undefined, signal)
  if (!removed.known) return { done: [], missing: [`the floor stays in the databases: ${removed.why}`] }
  const stays = removed.value.filter(({ why }) => why !== undefined)
  const gone = removed.value.filter(({ why }) => why === undefined).map(({ role }) => role)
  return {
    done: gone.length === 0 ? [] : [`floor in the databases ${gone.join(', ')}`],
    missing: stays.map(({ role, why }) => `the floor stays in ${role}: ${why ?? ''}`),
  }
}
