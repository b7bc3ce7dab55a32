// Chart sources as the command line opens them: with the logins and the remembered indexes of this user.
import { chartsAt } from '../../adapters/artifacts/charts-at.ts'
import { indexCacheIn } from '../../adapters/artifacts/index-cache.ts'
import { registryLogin } from '../../adapters/artifacts/oci-login.ts'
import type { Charts } from '../../ports/charts.ts'
import type { Clock } from '../../ports/world.ts'
import type { OnStale } from './session.ts'

interface Surroundings {
  env: Record<string, string | undefined>
  /** Directory for remembered indexes. */
  cache: string
  clock: Clock
  onStale: OnStale | undefined
}

export async function openCharts(where: string, { env, cache, clock, onStale }: Surroundings): Promise<Charts> {
  return await chartsAt(where, {
    cache: indexCacheIn(cache, () => clock.now()),
    onStale,
    login: async (host) => await registryLogin(host, env),
  })
}
