// Release histories of the profiles that have one, loaded with their reader when they are asked for: help and status need none.
import type { KnownRelease } from '../core/releases/release.ts'

/** In the order of the history; empty where the profile has none. */
export async function profileHistory(profile: string): Promise<KnownRelease[]> {
  if (profile !== 'carto') return []
  const [{ parseHistory, releasesFrom }, { CARTO_RELEASES }] = await Promise.all([
    import('../core/releases/history.ts'),
    import('./carto/releases.ts'),
  ])
  return releasesFrom(parseHistory(CARTO_RELEASES), 'calver')
}
