// The live look at the databases that `pawl status --look` asks for. Apart, because it needs every rule of the profile.
import { known, unknown } from '../../core/plan/facts.ts'
import { databasesOf } from '../../core/profile/databases.ts'
import type { Profile } from '../../core/profile/profile.ts'
import type { LiveDatabase } from '../../core/profile/truth.ts'
import { objectsOf } from '../../core/rendered/objects.ts'
import type { LookedAt } from '../../core/status/status.ts'
import type { ReleaseRecord } from '../../ports/helm.ts'
import type { PreflightDeps } from './deps.ts'
import { liveDatabases } from './live-databases.ts'
import { observeDatabases, type DataLook } from './observed.ts'
import { scopeOf } from './record.ts'

/** What the running release is told. Throws `unknown-state` where the rules cannot tell. */
export async function databasesInstalled(
  deps: Pick<PreflightDeps, 'cluster' | 'parseYaml'>,
  profile: Profile,
  record: ReleaseRecord,
  signal?: AbortSignal,
): Promise<LiveDatabase[]> {
  const look = { cluster: deps.cluster, namespace: record.namespace, signal }
  const manifest = objectsOf(deps.parseYaml(record.manifest))
  return await liveDatabases(look, databasesOf(profile, scopeOf(record)), manifest)
}

/** Each where the running release is told it is. Throws `unknown-state` where the rules cannot tell, `database-unreachable`. */
export async function lookAtInstalled(
  deps: DataLook & Pick<PreflightDeps, 'cluster' | 'parseYaml'>,
  profile: Profile,
  record: ReleaseRecord,
  signal?: AbortSignal,
): Promise<LookedAt[]> {
  const databases = await databasesInstalled(deps, profile, record, signal)
  const targets = databases.filter((database) => doubtsOf(database).length === 0).map(({ target }) => target)
  const observations = targets.length === 0 ? [] : await observeDatabases(deps, targets, signal)
  return databases.map((database) => {
    const { role, host, port, database: name } = database.target
    const doubts = doubtsOf(database)
    const observation = observations.find((one) => one.role === role)
    const why = doubts.length === 0 ? 'it was not seen' : doubts.join('; ')
    return { role, host, port, database: name, seen: observation === undefined ? unknown(why) : known(observation) }
  })
}

/** A database of which it is not sure that the release uses it is not looked at. */
export function doubtsOf({ unknown: why, differences }: LiveDatabase): string[] {
  return [...(why === undefined ? [] : [why]), ...differences]
}
