// What a set is to hold of each image: its documents are read before anything long begins, and say which blobs there are and how big.
import { createHash } from 'node:crypto'
import { isPawlError, PawlError } from '../../core/errors.ts'
import { imageText, readImageId, readImageName, repositoryText, type Repository } from '../../core/images/name.ts'
import {
  IMAGE_TYPES,
  INDEX,
  lesserIndex,
  mayBeNamed,
  namingIndex,
  readImageDocument,
  wantedOf,
  type Descriptor,
  type ImageDocument,
  type LayoutEntry,
  type Platforms,
} from '../../core/images/oci.ts'
import type { KeptImage, ReleaseImage } from '../../core/images/wish.ts'
import type { ImageBytes, ImageRegistries } from '../../ports/images.ts'

export interface GatheredImages {
  kept: KeptImage[]
  entries: LayoutEntry[]
  /** Manifests and indexes, by digest. */
  documents: Map<string, Uint8Array>
  /** Everything else, by digest, each once: where it is read from. */
  blobs: Map<string, { at: Repository; sizeBytes: number; image: string }>
}

/** What was found of one image so far. */
interface Walk {
  image: string
  at: Repository
  platforms: Platforms
  into: GatheredImages
  seen: { platforms: Set<string>; configs: Set<string> }
}

const UNCHANGED = 'No backup set was written.'

/** Throws `image-missing` where a registry has not what ran, or none of the platforms; `image-damaged`; the registry's errors. */
export async function gatherImages(
  registries: ImageRegistries,
  images: readonly ReleaseImage[],
  platforms: Platforms,
  signal: AbortSignal,
): Promise<GatheredImages> {
  const into: GatheredImages = { kept: [], entries: [], documents: new Map(), blobs: new Map() }
  for (const { image, digest, others } of images) {
    const name = readImageName(image)
    if (name === undefined) {
      const message = `"${image}" is not the name of an image with a SHA-256 digest.`
      throw new PawlError({ code: 'input-invalid', message, facts: { image }, unchanged: UNCHANGED })
    }
    const seen: Walk['seen'] = { platforms: new Set(), configs: new Set() }
    try {
      const ran = readImageId(digest ?? '')
      const reference = ran.digest ?? name.digest ?? name.tag ?? 'latest'
      const { at, found } = await findImage(registries, reference, [name, ran.repository], signal)
      const root = await walkDocument(registries, found, { at, platforms, into, image, seen }, signal)
      if (ran.config !== undefined && !seen.configs.has(ran.config))
        throw missing(`its registry has another one than that which runs (configuration ${ran.config})`)
      const kept = { image, digest: found.digest, kept: root.digest, platforms: [...seen.platforms].toSorted() }
      into.kept.push({ ...kept, ...(others === undefined ? {} : { others }) })
      into.entries.push({ ...(mayBeNamed(root) ? root : naming(root, into)), name: imageText(name) })
    } catch (error) {
      throw ofImage(error, image)
    }
  }
  return into
}

/** A registry knows digests; people know images. */
export function ofImage(error: unknown, image: string): unknown {
  if (!isPawlError(error) || !/^(image|registry)-/.test(error.code)) return error
  const { code, message, facts } = error
  const about = { message: `${image}: ${message}`, facts: { ...facts, image } }
  return new PawlError({ code, ...about, unchanged: UNCHANGED, cause: error })
}

/** Where the manifest names it, else where the node had it from: the same bytes may have been pulled under another name. */
async function findImage(
  registries: ImageRegistries,
  reference: string,
  places: readonly (Repository | undefined)[],
  signal: AbortSignal,
): Promise<{ at: Repository; found: ImageBytes }> {
  const asked: string[] = []
  for (const place of places) {
    if (place === undefined || asked.includes(repositoryText(place))) continue
    const at = { host: place.host, path: place.path }
    const found = await registries.manifest(at, reference, signal)
    if (found !== undefined) return { at, found }
    asked.push(repositoryText(at))
  }
  throw missing(`${asked.join(' and ')} ${asked.length > 1 ? 'have' : 'has'} no ${reference}`)
}

/** Notes the document and everything below it that is wanted; gives what a layout has to name for it. */
async function walkDocument(
  registries: ImageRegistries,
  found: ImageBytes,
  walk: Walk,
  signal: AbortSignal,
): Promise<Descriptor> {
  const { into, image, seen } = walk
  const [value, document] = readDocument(found)
  into.documents.set(found.digest, found.bytes)
  const self = { mediaType: found.mediaType, digest: found.digest, size: found.bytes.length }
  if (document.is === 'manifest') {
    seen.configs.add(document.config.digest)
    for (const { digest, size } of [document.config, ...document.layers])
      into.blobs.set(digest, into.blobs.get(digest) ?? { at: walk.at, sizeBytes: size, image })
    return self
  }
  const wanted = wantedOf(document.manifests, walk.platforms)
  if (wanted.length === 0) {
    const there = document.manifests.flatMap(({ platform }) => platform ?? []).join(', ')
    throw missing(`it is not there for ${platformsText(walk.platforms)}, but for ${there || 'nothing'}`)
  }
  for (const { digest, platform } of wanted) {
    const below = await registries.manifest(walk.at, digest, signal)
    if (below === undefined) throw missing(`${repositoryText(walk.at)} has no ${digest} of its index`)
    await walkDocument(registries, below, walk, signal)
    // What was attested of a build bears no real one.
    if (platform !== undefined && platform !== 'unknown/unknown') seen.platforms.add(platform)
  }
  const [only] = wanted
  if (wanted.length === document.manifests.length || only === undefined) return self
  if (wanted.length === 1) return { mediaType: only.mediaType, digest: only.digest, size: only.size }
  return addIndex(into, lesserIndex(value, wanted))
}

function naming(root: Descriptor, into: GatheredImages): Descriptor {
  const document: unknown = JSON.parse(new TextDecoder().decode(into.documents.get(root.digest)))
  return addIndex(into, namingIndex(root, document))
}

function addIndex({ documents }: GatheredImages, bytes: Uint8Array): Descriptor {
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  documents.set(digest, bytes)
  return { mediaType: INDEX, digest, size: bytes.length }
}

function readDocument({ mediaType, bytes, digest }: ImageBytes): [unknown, ImageDocument] {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    value = undefined
  }
  const document = IMAGE_TYPES.includes(mediaType) ? readImageDocument(value) : undefined
  if (document !== undefined) return [value, document]
  throw new PawlError({
    code: 'image-damaged',
    message: `${digest} is no image that can be kept (${mediaType || 'of no type'}).`,
    facts: { digest },
  })
}

function platformsText(platforms: Platforms): string {
  return platforms === 'all' ? 'any platform' : platforms.join(', ')
}

function missing(why: string): PawlError {
  return new PawlError({ code: 'image-missing', message: `${why}.` })
}
