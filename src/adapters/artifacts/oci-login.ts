// Logins for registries where "helm registry login" and "docker login" keep them.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loginsFor, type RegistryLogin } from '../../core/images/login.ts'

/** The first that is there; a login that only a credential helper knows is not found. */
export async function registryLogin(
  host: string,
  env: Record<string, string | undefined>,
): Promise<RegistryLogin | undefined> {
  const home = env['HOME'] ?? ''
  const config = env['XDG_CONFIG_HOME'] ?? join(home, '.config')
  const files = [
    env['HELM_REGISTRY_CONFIG'] ?? join(config, 'helm', 'registry', 'config.json'),
    join(env['DOCKER_CONFIG'] ?? join(home, '.docker'), 'config.json'),
  ]
  for (const file of files) {
    const [found] = loginsFor(await readJson(file), { host, path: '' })
    if (found !== undefined) return found
  }
  return undefined
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch {
    // Missing, or not for us to read: then there is no login in it.
    return undefined
  }
}
