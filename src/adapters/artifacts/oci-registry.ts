// Reads from an OCI registry (distribution-spec v1.1): tags, manifests and blobs, each checked against its digest.
import { createHash } from 'node:crypto'
import { PawlError } from '../../core/errors.ts'
import type { RegistryLogin } from '../../core/images/login.ts'
import { isRecord, listOf, recordOf, textOf } from '../../core/json.ts'
import { ask, shownUrl, unreadable, type Answer } from './http.ts'
import { ociSession } from './oci-session.ts'

export const CHART_CONFIG = 'application/vnd.cncf.helm.config.v1+json'
export const CHART_CONTENT = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip'
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'

const TAGS_CAP_BYTES = 8 << 20
const MANIFEST_CAP_BYTES = 4 << 20
/** A registry that always names one more page would never end. */
const MOST_PAGES = 1_000

export interface Descriptor {
  mediaType: string
  digest: string
}

export interface Manifest {
  config: Descriptor
  layers: Descriptor[]
  annotations: Record<string, string>
}

export interface OciRegistry {
  /** Every tag of a repository. Throws `target-unknown` where there is no such repository. */
  tags(repository: string, signal?: AbortSignal): Promise<string[]>
  /** Undefined where the tag is of something else than an image manifest, or gone. */
  manifest(repository: string, tag: string, signal?: AbortSignal): Promise<Manifest | undefined>
  /** The bytes a descriptor names. Throws `input-invalid` where they are others. */
  blob(repository: string, digest: string, capBytes: number, signal?: AbortSignal): Promise<Buffer>
}

/** `login` is asked for only where the registry wants one. */
export function ociRegistry(base: URL, login: () => Promise<RegistryLogin | undefined>): OciRegistry {
  const session = ociSession(base, async () => {
    const found = await login()
    return found === undefined ? [] : [found]
  })
  const get = async (url: URL, accept: string, capBytes: number, signal?: AbortSignal): Promise<Answer> =>
    await session.asked(
      url,
      async (headers) => await ask({ url, headers: { accept, ...headers }, capBytes, signal }),
      signal,
    )
  return {
    tags: async (repository, signal) => {
      const found: string[] = []
      let next: URL | undefined = new URL(`/v2/${repository}/tags/list?n=1000`, base)
      for (let page = 0; next !== undefined && page < MOST_PAGES; page += 1) {
        const url: URL = next
        const answer = await get(url, 'application/json', TAGS_CAP_BYTES, signal)
        if (answer.status === 404) throw noRepository(url, repository)
        const list = jsonOf(goodAnswer(url, answer), url)
        found.push(...listOf(list['tags']).filter((tag): tag is string => typeof tag === 'string'))
        next = nextPage(answer.headers.get('link'), url)
      }
      return found
    },
    manifest: async (repository, tag, signal) => {
      const url = new URL(`/v2/${repository}/manifests/${tag}`, base)
      const answer = await get(url, MANIFEST, MANIFEST_CAP_BYTES, signal)
      if (answer.status === 404) return undefined
      const body = goodAnswer(url, answer)
      const said = answer.headers.get('docker-content-digest')
      if (said?.startsWith('sha256:') === true) checkDigest(url, body, said)
      return manifestFrom(jsonOf(body, url))
    },
    blob: async (repository, digest, capBytes, signal) => {
      const url = new URL(`/v2/${repository}/blobs/${digest}`, base)
      const body = goodAnswer(url, await get(url, '*/*', capBytes, signal))
      checkDigest(url, body, digest)
      return body
    },
  }
}

function goodAnswer(url: URL, { status, body }: Answer): Buffer {
  if (status >= 200 && status < 300) return body
  throw status === 401 || status === 403 ? refused(url, status) : unreadable(url, `HTTP ${status}`)
}

function checkDigest(url: URL, body: Uint8Array, expected: string): void {
  const got = `sha256:${createHash('sha256').update(body).digest('hex')}`
  if (got === expected) return
  throw new PawlError({
    code: 'input-invalid',
    message: `${shownUrl(url)} is damaged or has been tampered with: expected ${expected}, got ${got}.`,
    facts: { expected, got },
  })
}

function jsonOf(body: Buffer, url: URL): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'))
    if (isRecord(value)) return value
  } catch (cause) {
    throw notRegistry(url, cause)
  }
  throw notRegistry(url)
}

function manifestFrom(value: Record<string, unknown>): Manifest | undefined {
  const config = descriptorFrom(value['config'])
  const layers = listOf(value['layers']).flatMap((layer) => descriptorFrom(layer) ?? [])
  const annotations = Object.entries(recordOf(value['annotations'])).filter(
    (pair): pair is [string, string] => typeof pair[1] === 'string',
  )
  return config === undefined ? undefined : { config, layers, annotations: Object.fromEntries(annotations) }
}

function descriptorFrom(value: unknown): Descriptor | undefined {
  const { mediaType, digest } = recordOf(value)
  const [type, sha] = [textOf(mediaType), textOf(digest)]
  return type !== undefined && sha !== undefined && /^sha256:[0-9a-f]{64}$/.test(sha)
    ? { mediaType: type, digest: sha }
    : undefined
}

/** `Link: </v2/x/tags/list?last=t&n=1000>; rel="next"` (RFC 8288); never to another host. */
function nextPage(link: string | null, from: URL): URL | undefined {
  const target = /<([^>]+)>\s*;[^,]*rel="?next"?/i.exec(link ?? '')?.[1]
  if (target === undefined || !URL.canParse(target, from.href)) return undefined
  const next = new URL(target, from)
  return next.origin === from.origin && next.href !== from.href ? next : undefined
}

function refused(url: URL, status: number): PawlError {
  return new PawlError({
    code: 'store-unreadable',
    message: `${url.host} does not let this user read ${url.pathname} (HTTP ${status}).`,
    hint: `Log in with "helm registry login ${url.host}", then repeat.`,
  })
}

function noRepository(url: URL, repository: string): PawlError {
  return new PawlError({ code: 'target-unknown', message: `${url.host} has no repository ${repository}.` })
}

function notRegistry(url: URL, cause?: unknown): PawlError {
  return new PawlError({
    code: 'input-invalid',
    message: `${shownUrl(url)} is not the answer of an OCI registry.`,
    cause,
  })
}
