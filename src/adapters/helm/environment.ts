// The environment Helm runs in: the user's own, without anything that changes what Helm does, and with private folders.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Settings of Helm's own come from Pawl only: no plugins, no other record driver, no other cluster, no repositories. */
export function helmEnvironment(env: NodeJS.ProcessEnv, home: string): Record<string, string> {
  const kept = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !entry[0].startsWith('HELM_'),
  )
  return {
    ...Object.fromEntries(kept),
    HELM_DRIVER: 'secret',
    HELM_CACHE_HOME: join(home, 'cache'),
    HELM_CONFIG_HOME: join(home, 'config'),
    HELM_DATA_HOME: join(home, 'data'),
    HELM_COLOR: 'never',
  }
}

/** A folder only we can read (mkdtemp makes it 0700), gone afterwards. */
export async function withPrivateHome<T>(work: (home: string) => Promise<T>): Promise<T> {
  const home = await mkdtemp(join(tmpdir(), 'pawl-helm-'))
  try {
    return await work(home)
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}
