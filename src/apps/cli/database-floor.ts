// The floor in the databases, for commands: where they are and what reaches them is known once a release is initialised.
import type { Known } from '../../core/plan/facts.ts'
import { installFloor, uninstallFloor, type FloorReport, type InstallFloorRequest } from '../../steps/floor/install.ts'
import type { FloorDeps } from '../../steps/floor/look.ts'
import { attempt, from } from '../../steps/preflight/deps.ts'
import { findInstallation, notInitialised, profileNamed, type Session, type Target } from './session.ts'

/** Not known where the release is not set up yet, or who asks may not see how it is. */
export async function floorDeps(session: Session, target: Target): Promise<Known<FloorDeps>> {
  const { doors } = session
  return await from(await attempt(async () => await findInstallation(target)), async (installation) => {
    if (installation === undefined) throw notInitialised(target)
    return {
      ...target,
      dataPlane: await doors.dataPlane(target.cluster, installation),
      records: await doors.records(target.cluster),
      clock: doors.clock,
      ids: doors.ids,
      profile: profileNamed(session, installation.profile),
      parseYaml: (text) => doors.parseYaml(text),
    }
  })
}

export async function ensureFloor(
  session: Session,
  target: Target,
  request: InstallFloorRequest,
): Promise<FloorReport> {
  const deps = await floorDeps(session, target)
  if (deps.known) return await installFloor(deps.value, request, session.stop)
  return { done: [], missing: request.dryRun ? [] : [`no floor in the databases: ${deps.why}`] }
}

export async function takeFloorAway(session: Session, target: Target): Promise<FloorReport> {
  const deps = await floorDeps(session, target)
  if (deps.known) return await uninstallFloor(deps.value, session.stop)
  // Of a release that is not set up here Pawl has written none.
  if (deps.code === 'not-initialised') return { done: [], missing: [] }
  return { done: [], missing: [`the floor stays in the databases: ${deps.why}`] }
}
