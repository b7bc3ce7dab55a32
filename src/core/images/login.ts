// Which logins of a Docker configuration are for an image: as the kubelet reads image pull secrets
// (https://kubernetes.io/docs/concepts/containers/images/#config-json).
import { isRecord, recordOf, textOf } from '../json.ts'
import { secret, type Secret } from '../secret.ts'
import type { Repository } from './name.ts'

export interface RegistryLogin {
  user: string
  password: Secret
}

/** Names under which Docker keeps logins for its own registry. */
const HUB = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io'])

/**
 * `config` is a `config.json` (`.dockerconfigjson`), or what is in its `auths` (`.dockercfg`). All that match, in the order in which
 * they are to be tried: the most exact one first.
 */
export function loginsFor(config: unknown, { host, path }: Repository): RegistryLogin[] {
  const auths = isRecord(config) && isRecord(config['auths']) ? config['auths'] : recordOf(config)
  return Object.keys(auths)
    .filter((key) => isFor(placeOf(key), { host, path }))
    .toSorted((left, right) => placeOf(right).path.length - placeOf(left).path.length || left.length - right.length)
    .flatMap((key) => loginIn(recordOf(auths[key])) ?? [])
}

/** `https://index.docker.io/v1/`, `ghcr.io`, `registry.example:5000/team` */
function placeOf(key: string): Repository {
  const [host = '', ...path] = key.replace(/^https?:\/\//, '').split('/')
  const rest = path.join('/').replace(/\/+$/, '')
  return { host, path: /^v[12]$/.test(rest) ? '' : rest }
}

function isFor(place: Repository, wanted: Repository): boolean {
  const sameHost = HUB.has(wanted.host) ? HUB.has(place.host) : isLike(place.host, wanted.host)
  return sameHost && (place.path === '' || `${wanted.path}/`.startsWith(`${place.path}/`))
}

/** `*.example.com` is for one more label, not for several. */
function isLike(pattern: string, host: string): boolean {
  const [wanted, given] = [pattern.split('.'), host.split('.')]
  return wanted.length === given.length && wanted.every((label, at) => likeLabel(label, given[at] ?? ''))
}

function likeLabel(pattern: string, label: string): boolean {
  const [head = '', ...more] = pattern.split('*')
  if (more.length === 0) return pattern === label
  const tail = more.at(-1) ?? ''
  return label.length >= head.length + tail.length && label.startsWith(head) && label.endsWith(tail)
}

function loginIn(entry: Record<string, unknown>): RegistryLogin | undefined {
  const [user, password] = [textOf(entry['username']) ?? '', textOf(entry['password'])]
  if (user !== '' && password !== undefined) return { user, password: secret(password) }
  const pair = decoded(textOf(entry['auth']) ?? '')
  const colon = pair.indexOf(':')
  return colon < 1 ? undefined : { user: pair.slice(0, colon), password: secret(pair.slice(colon + 1)) }
}

function decoded(base64: string): string {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)))
  } catch {
    // Then there is no login in it.
    return ''
  }
}
