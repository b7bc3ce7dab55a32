// Images that stay behind at an upgrade, because somebody's values name their tag.
import { isRecord, textOf } from '../json.ts'
import type { JsonRecord } from '../json.ts'
import { readVersion } from '../versions/version.ts'
import type { VersionScheme } from '../versions/version.ts'
import { imagesOf, objectTitle } from './objects.ts'

export interface Pinned {
  /** `Kind/name: image`, of the product and of another version than the target. */
  images: string[]
  /** Value paths that name a tag or digest of an image. */
  values: string[]
}

export interface Pins {
  before: readonly JsonRecord[]
  /** Hooks included. */
  after: readonly JsonRecord[]
  /** What the user gave. */
  config: JsonRecord
  from: string
  to: string
  scheme: VersionScheme
}

/** The product's own images are those that bear its version, before or after; the rest (databases, caches) have versions of their own. */
export function pinnedImages({ before, after, config, from, to, scheme }: Pins): Pinned {
  const own = new Set([...repositoriesAt(before, from), ...repositoriesAt(after, to)])
  const images = after.flatMap((object) =>
    [...new Set(imagesOf(object))]
      .filter((image) => isBehind(image, own, to, scheme))
      .map((image) => `${objectTitle(object)}: ${image}`),
  )
  return { images: [...new Set(images)], values: namedIn(config, to).toSorted() }
}

function repositoriesAt(objects: readonly JsonRecord[], version: string): string[] {
  const images = objects.flatMap(imagesOf).map(partsOf)
  return images.filter(({ tag }) => tag === version).map(({ path }) => path)
}

function isBehind(image: string, own: ReadonlySet<string>, to: string, scheme: VersionScheme): boolean {
  const { path, tag } = partsOf(image)
  if (tag === to) return false
  // Only calendar versions cannot be mistaken for those of something else.
  return own.has(path) || (scheme === 'calver' && readVersion(tag, scheme) !== undefined)
}

/** Without the registry, which mirrors change. `host:5000/a/b:1@sha256:…` */
function partsOf(image: string): { path: string; tag: string } {
  const [name = '', digest] = image.split('@')
  const at = name.lastIndexOf(':')
  const tagged = at > name.lastIndexOf('/')
  const path = (tagged ? name.slice(0, at) : name).split('/')
  const first = path[0] ?? ''
  const hasRegistry = path.length > 1 && /[.:]|^localhost$/.test(first)
  return { path: path.slice(hasRegistry ? 1 : 0).join('/'), tag: tagged ? name.slice(at + 1) : (digest ?? '') }
}

function namedIn(values: JsonRecord, to: string, path = ''): string[] {
  return Object.entries(values).flatMap(([key, value]) => {
    if (!isRecord(value)) return []
    const here = path === '' ? key : `${path}.${key}`
    if (!/^(image|.*Image)$/.test(key)) return namedIn(value, to, here)
    return (['tag', 'digest'] as const)
      .filter((field) => ![undefined, '', to].includes(textOf(value[field])))
      .map((field) => `${here}.${field}`)
  })
}
