// How a registry wants to be asked: Basic, or a Bearer token from the place it names (distribution's token authentication).
import { PawlError } from '../../core/errors.ts'
import type { RegistryLogin } from '../../core/images/login.ts'
import { isRecord, textOf } from '../../core/json.ts'
import { basicAuth, download, type Request } from './http.ts'

const TOKEN_CAP_BYTES = 1 << 20

/** The Authorization header that answers a challenge. Throws `store-unreadable` where none can be had. */
export async function readChallenge(
  registry: URL,
  challenge: string,
  credentials: () => Promise<RegistryLogin | undefined>,
  { signal, through }: Pick<Request, 'signal' | 'through'> = {},
): Promise<string> {
  const [scheme = ''] = challenge.split(/\s/, 1)
  if (scheme.toLowerCase() === 'basic') {
    const login = await credentials()
    if (login === undefined) throw loginNeeded(registry)
    return basicAuth(login.user, login.password.reveal())
  }
  const parameters = parametersOf(challenge)
  const realm = parameters['realm'] ?? ''
  if (scheme.toLowerCase() !== 'bearer' || !URL.canParse(realm)) throw loginNeeded(registry)
  const url = new URL(realm)
  // The password goes to this place: never in the clear where the registry itself is not.
  if (url.protocol !== 'https:' && registry.protocol === 'https:') {
    throw new PawlError({
      code: 'store-unreadable',
      message: `${registry.host} asks for the password to be sent to ${url.origin} without encryption; it was not sent.`,
    })
  }
  for (const name of ['service', 'scope'] as const) {
    if (parameters[name] !== undefined) url.searchParams.set(name, parameters[name])
  }
  const login = await credentials()
  const headers: Record<string, string> =
    login === undefined ? {} : { authorization: basicAuth(login.user, login.password.reveal()) }
  const token = tokenIn(await download({ url, headers, capBytes: TOKEN_CAP_BYTES, signal, through }))
  if (token === undefined) throw loginNeeded(registry)
  return `Bearer ${token}`
}

/** `Bearer realm="https://auth.example/token",service="registry",scope="repository:x:pull"` */
function parametersOf(challenge: string): Record<string, string> {
  const pairs = challenge.matchAll(/([a-zA-Z_]+)=(?:"([^"]*)"|([^\s,]+))/g)
  return Object.fromEntries(
    Array.from(pairs, ([, name = '', quoted, plain]) => [name.toLowerCase(), quoted ?? plain ?? '']),
  )
}

function tokenIn(body: Buffer): string | undefined {
  try {
    const answer: unknown = JSON.parse(body.toString('utf8'))
    return isRecord(answer) ? (textOf(answer['token']) ?? textOf(answer['access_token'])) : undefined
  } catch {
    return undefined
  }
}

function loginNeeded(registry: URL): PawlError {
  return new PawlError({
    code: 'store-unreadable',
    message: `${registry.host} wants to know who asks, and no login for it was found.`,
    hint: `Log in with "helm registry login ${registry.host}", then repeat.`,
  })
}
