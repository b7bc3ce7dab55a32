// The floor in the databases, for commands: where they are and what reaches them is known once a release is initialised.
import { installFloor, uninstallFloor, type FloorReport, type InstallFloorRequest } from '../../steps/floor/install.ts'
import type { FloorDeps } from '../../steps/floor/look.ts'
import { findInstallation, profileNamed, type Session, type Target } from './session.ts'

/** Undefined where the release is not initialised: nobody knows how its databases are reached. */
export async function floorDeps(session: Session, target: Target): Promise<FloorDeps | undefined> {
  const { doors } = session
  const installation = await findInstallation(target)
  if (installation === undefined) return undefined
  return {
    ...target,
    dataPlane: await doors.dataPlane(target.cluster, installation),
    records: await doors.records(target.cluster),
    clock: doors.clock,
    ids: doors.ids,
    profile: profileNamed(session, installation.profile),
    parseYaml: (text) => doors.parseYaml(text),
  }
}

export async function ensureFloor(
  session: Session,
  target: Target,
  request: InstallFloorRequest,
): Promise<FloorReport> {
  const deps = await floorDeps(session, target)
  if (deps !== undefined) return await installFloor(deps, request, session.stop)
  const missing = request.dryRun ? [] : [`no floor in the databases: run "pawl init ${target.release}" first`]
  return { done: [], missing }
}

export async function takeFloorAway(session: Session, target: Target): Promise<FloorReport> {
  const deps = await floorDeps(session, target)
  return deps === undefined ? { done: [], missing: [] } : await uninstallFloor(deps, session.stop)
}
