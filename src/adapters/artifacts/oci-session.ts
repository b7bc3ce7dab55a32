// Asking a registry as somebody: the authorization it wants is looked for when it wants it, and used again.
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

/** `login` is asked for only where the registry wants one; `through` is how tokens are. */
export function ociSession(
  base: URL,
  login: () => Promise<RegistryLogin | undefined>,
  through?: typeof fetch,
): OciSession {
  let authorization: string | undefined
  return {
    async asked(url, send, signal) {
      const once = async () =>
        await send(authorization !== undefined && url.origin === base.origin ? { authorization } : {})
      const answer = await once()
      if (answer.status !== 401) return answer
      const challenge = answer.headers.get('www-authenticate') ?? ''
      authorization = await readChallenge(base, challenge, login, { signal, through })
      return await once()
    },
  }
}

/** Registries on this machine are asked without encryption, as every runtime does; others where somebody said so. */
export function registryUrl(host: string, plainHttp: readonly string[] = []): URL {
  const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/.test(host)
  return new URL(`${loopback || plainHttp.includes(host) ? 'http' : 'https'}://${host}`)
}
