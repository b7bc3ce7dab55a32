// Names of images as manifests write them, in full: `postgres:16` is `docker.io/library/postgres:16`.

export interface Repository {
  host: string
  path: string
}

export interface ImageName extends Repository {
  tag?: string
  /** `sha256:` and 64 hex digits. */
  digest?: string
}

const PATH = /^[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*$/
const TAG = /^\w[\w.-]{0,127}$/
const DIGEST = /^sha256:[0-9a-f]{64}$/

export function isDigest(text: string): boolean {
  return DIGEST.test(text)
}

/** `undefined` where it is none, or one whose digest is not SHA-256. */
export function readImageName(text: string): ImageName | undefined {
  const [name = '', digest, ...more] = text.split('@')
  if (more.length > 0 || (digest !== undefined && !isDigest(digest))) return undefined
  const colon = name.lastIndexOf(':')
  const tagged = colon > name.lastIndexOf('/')
  const tag = tagged ? name.slice(colon + 1) : undefined
  const repository = readRepository(tagged ? name.slice(0, colon) : name)
  if (repository === undefined || (tag !== undefined && !TAG.test(tag))) return undefined
  return { ...repository, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) }
}

function readRepository(text: string): Repository | undefined {
  const slash = text.indexOf('/')
  const first = text.slice(0, Math.max(slash, 0))
  // As every runtime reads it: only what looks like a host is one.
  const hasHost = /[.:]/.test(first) || first === 'localhost'
  const rest = hasHost ? text.slice(slash + 1) : text
  const host = hasHost ? first : 'docker.io'
  const path = host === 'docker.io' && !rest.includes('/') ? `library/${rest}` : rest
  return PATH.test(path) && /^[A-Za-z0-9.[\]:-]+$/.test(host) ? { host, path } : undefined
}

export function repositoryText({ host, path }: Repository): string {
  return `${host}/${path}`
}

/** In full; a digest counts more than a tag, and nothing at all means `latest`. */
export function imageText({ tag, digest, ...repository }: ImageName): string {
  const at = digest === undefined ? '' : `@${digest}`
  return `${repositoryText(repository)}${tag === undefined && digest === undefined ? ':latest' : ''}${tag === undefined ? '' : `:${tag}`}${at}`
}

/** What a kubelet reports as the `imageID` of a container: most often where it was pulled from and by which digest. */
export interface RanImage {
  digest?: string
  repository?: Repository
  /** Where the image did not come from a registry, of its configuration. */
  config?: string
}

export function readImageId(imageId: string): RanImage {
  const text = imageId.replace(/^[a-z-]+:\/\//, '')
  if (isDigest(text)) return { config: text }
  const { digest, host, path } = readImageName(text) ?? {}
  if (digest === undefined || host === undefined || path === undefined) return {}
  return { digest, repository: { host, path } }
}
