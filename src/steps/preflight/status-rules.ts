// What a profile's rules say of one release, as far as status shows it. Apart from status itself, because loading the evaluator of
// the rules takes longer than everything else that status does.
import type { Known } from '../../core/plan/facts.ts'
import { evaluatorFor } from '../../core/profile/cel.ts'
import type { CelScope } from '../../core/profile/cel.ts'
import { locationsOf } from '../../core/profile/databases.ts'
import type { DatabaseLocation } from '../../core/profile/databases.ts'
import type { Profile } from '../../core/profile/profile.ts'
import type { Feature } from '../../core/status/status.ts'
import { attempt } from './deps.ts'

export interface StatusRules {
  /** ConfigMap that says which version runs. */
  configMap: Known<string>
  databases: Known<DatabaseLocation[]>
  features: Known<Feature[]>
  /** Version of the customer package in the values; empty where the product has none. */
  package: Known<string>
}

/** A function of its arguments alone: the same profile and the same release give the same answer for ever. */
export async function evaluateStatusRules(profile: Profile, scope: CelScope): Promise<StatusRules> {
  const name = profile.runningVersion?.configMap ?? "''"
  const { text, flag } = evaluatorFor(profile.name, scope)
  const features = (): Feature[] =>
    (profile.features ?? []).map((feature) => ({
      name: feature.name,
      on: flag(`features.${feature.name}.when`, feature.when),
    }))
  return {
    configMap: await found(() => text('runningVersion.configMap', name)),
    databases: await found(() => locationsOf(profile, scope)),
    features: await found(features),
    package: await found(() => text('package.version', profile.package?.version ?? "''")),
  }
}

async function found<T>(evaluate: () => T): Promise<Known<T>> {
  return await attempt(async () => await Promise.resolve(evaluate()))
}
