// Opens registries of images as a task says they are reached: logins from Secrets, an authority, a proxy.
import { PawlError } from '../../core/errors.ts'
import { loginsFor } from '../../core/images/login.ts'
import type { RegistryReach } from '../../core/images/wish.ts'
import type { ImageRegistries } from '../../ports/images.ts'
import type { Secrets } from '../../ports/secrets.ts'
import type { Clock } from '../../ports/world.ts'
import { imageRegistries } from './image-registries.ts'
import { registryLogin } from './oci-login.ts'
import { fetchThrough } from './proxy.ts'

export interface OpenOptions {
  secrets: Secrets
  clock: Clock
  env: NodeJS.ProcessEnv
  /** Adds authorities to those of the process. */
  trust: (pem: string) => void
}

/** Throws `input-invalid` where a Secret is not what it should be. */
export async function openImages(reach: RegistryReach, options: OpenOptions): Promise<ImageRegistries> {
  const { secrets, clock, env } = options
  const { ca, proxy, plainHttp = [], logins } = reach
  if (ca !== undefined) options.trust((await secrets.resolve({ secret: ca, key: 'ca.crt' })).reveal())
  const configs: unknown[] = []
  for (const ref of logins) configs.push(parsed((await secrets.resolve(ref)).reveal(), ref.secret))
  return imageRegistries({
    clock,
    plainHttp,
    through: await fetchThrough(proxy, env),
    logins: async (at) => {
      const found = configs.flatMap((config) => loginsFor(config, at))
      if (found.length > 0) return found
      // On the machine of whoever works with images there is most often a login; in a pod there is none.
      const own = await registryLogin(at.host, env)
      return own === undefined ? [] : [own]
    },
  })
}

function parsed(text: string, name: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The cause would have the beginning of the text in it, which is a password's place.
    throw new PawlError({
      code: 'input-invalid',
      message: `The Secret "${name}" holds no Docker configuration: it is not JSON.`,
      unchanged: 'Nothing was changed.',
    })
  }
}
