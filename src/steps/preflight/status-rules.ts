// What a profile's rules say of one release, as far as status shows it. Apart from status itself, because loading the evaluator of
// the rules takes longer than everything else that status does.
import type { Known } from '../../core/plan/facts.ts'
import { evaluatorFor } from '../../core/profile/cel.ts'
import type { CelScope } from '../../core/profile/cel.ts'
import { locationsOf } from '../../core/profile/databases.ts'
import type { DatabaseLocation } from '../../core/profile/databases.ts'
import type { Profile } from '../../core/profile/profile.ts'
import { attempt } from './deps.ts'

export interface StatusRules {
  /** ConfigMap that says which version runs. */
  configMap: Known<string>
  databases: Known<DatabaseLocation[]>
}

/** A function of its arguments alone: the same profile and the same release give the same answer for ever. */
export async function evaluateStatusRules(profile: Profile, scope: CelScope): Promise<StatusRules> {
  const name = profile.runningVersion?.configMap ?? "''"
  return {
    configMap: await attempt(() =>
      Promise.resolve(evaluatorFor(profile.name, scope).text('runningVersion.configMap', name)),
    ),
    databases: await attempt(() => Promise.resolve(locationsOf(profile, scope))),
  }
}
