// Release histories of the profiles that have one, each loaded when it is asked for: help and status need none.
import { parseHistory, releasesFrom } from '../core/releases/history.ts'
import type { KnownRelease } from '../core/releases/release.ts'

/** In the order of the history; empty where the profile has none. */
export async function profileHistory(profile: string): Promise<KnownRelease[]> {
  if (profile !== 'carto') return []
  const { CARTO_RELEASES } = await import('./carto/releases.ts')
  return releasesFrom(parseHistory(CARTO_RELEASES), 'calver')
}
