// The live look at the databases that `pawl status --look` asks for. Apart, because it needs every rule of the profile.
import type { DatabaseObservation } from '../../core/data/tasks.ts'
import type { CelScope } from '../../core/profile/cel.ts'
import { databasesOf } from '../../core/profile/databases.ts'
import type { Profile } from '../../core/profile/profile.ts'
import { observeDatabases, type DataLook } from './observed.ts'

/** Throws `unknown-state` where the rules cannot tell the databases, `database-unreachable`. */
export async function lookAtInstalled(
  deps: DataLook,
  profile: Profile,
  scope: CelScope,
  signal?: AbortSignal,
): Promise<DatabaseObservation[]> {
  const targets = databasesOf(profile, scope).map(({ target }) => target)
  return await observeDatabases(deps, targets, signal)
}
