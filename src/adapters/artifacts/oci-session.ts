// Asking a registry as somebody: the authorization it wants is looked for when it wants it, and used again.
import { isPawlError, PawlError } from '../../core/errors.ts'
import type { RegistryLogin } from '../../core/images/login.ts'
import { readChallenge } from './oci-token.ts'

interface Answered {
  status: number
  headers: Headers
}

/** Sends with the headers it is given. */
export type Send<T> = (headers: Record<string, string>) => Promise<T>

export interface OciSession {
  /** What the registry says to it, once it knows who asks. Throws `store-unreadable` where it does not come to know. */
  asked<T extends Answered>(url: URL, send: Send<T>, signal?: AbortSignal): Promise<T>
}

/**
 * `logins` are asked for only where the registry wants one, and tried in their order until one is not refused, as the kubelet does;
 * `through` is how tokens are asked for.
 */
export function ociSession(
  base: URL,
  logins: () => Promise<readonly RegistryLogin[]>,
  through?: typeof fetch,
): OciSession {
  let authorization: string | undefined
  return {
    async asked(url, send, signal) {
      const once = async (as: string | undefined) =>
        await send(as !== undefined && url.origin === base.origin ? { authorization: as } : {})
      const first = await once(authorization)
      if (first.status !== 401) return first
      const challenge = first.headers.get('www-authenticate') ?? ''
      const known = await logins()
      let refused: typeof first | PawlError = first
      for (const login of known.length === 0 ? [undefined] : known) {
        const as = await readChallenge(base, challenge, async () => login, { signal, through }).catch(refusalIn)
        refused = typeof as === 'string' ? await once(as) : as
        if (refused instanceof PawlError || refused.status === 401 || refused.status === 403) continue
        // Only now: others ask at the same time, and with another login they would be refused.
        authorization = typeof as === 'string' ? as : undefined
        return refused
      }
      if (refused instanceof PawlError) throw refused
      return refused
    },
  }
}

function refusalIn(error: unknown): PawlError {
  if (isPawlError(error, 'store-unreadable')) return error
  throw error
}

/** Registries on this machine are asked without encryption, as every runtime does; others where somebody said so. */
export function registryUrl(host: string, plainHttp: readonly string[] = []): URL {
  const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/.test(host)
  return new URL(`${loopback || plainHttp.includes(host) ? 'http' : 'https'}://${host}`)
}
