// Images as the OCI image specification has them (v1.1): manifests, indexes of several platforms, and the layout of a directory with both.
import { isRecord, listOf, recordOf, textOf } from '../json.ts'
import { isDigest } from './name.ts'

export const INDEX = 'application/vnd.oci.image.index.v1+json'
export const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json'
const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json'

/** What a registry is asked for, and what can be kept. */
export const IMAGE_TYPES = [MANIFEST, INDEX, DOCKER_MANIFEST, DOCKER_LIST]

/** Name of an image in the index of a layout: where tools look for it, and where containerd does when it imports an archive. */
const REF_NAME = 'org.opencontainers.image.ref.name'
const CONTAINERD_NAME = 'io.containerd.image.name'

export interface Descriptor {
  mediaType: string
  digest: string
  size: number
  /** `linux/amd64`; absent where it is not said. */
  platform?: string
}

/** What one document says: an image of one platform, or where those of several are. */
export type ImageDocument =
  | { is: 'manifest'; config: Descriptor; layers: Descriptor[] }
  | { is: 'index'; manifests: Descriptor[] }

export type Platforms = 'all' | string[]

/** `undefined` where the document is neither. */
export function readImageDocument(value: unknown): ImageDocument | undefined {
  if (!isRecord(value)) return undefined
  if (Array.isArray(value['manifests'])) {
    const manifests = descriptorsIn(value['manifests'])
    return manifests === undefined ? undefined : { is: 'index', manifests }
  }
  const [config] = descriptorsIn([value['config']]) ?? []
  const layers = descriptorsIn(value['layers'])
  return config === undefined || layers === undefined ? undefined : { is: 'manifest', config, layers }
}

function descriptorsIn(value: unknown): Descriptor[] | undefined {
  const found = Array.isArray(value) ? value.map(descriptorOf) : []
  return Array.isArray(value) && found.every((one) => one !== undefined) ? found : undefined
}

function descriptorOf(value: unknown): Descriptor | undefined {
  const { mediaType, digest, size, platform } = recordOf(value)
  const [type, sha] = [textOf(mediaType), textOf(digest)]
  if (type === undefined || sha === undefined || !isDigest(sha)) return undefined
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) return undefined
  const [os, architecture] = [textOf(recordOf(platform)['os']), textOf(recordOf(platform)['architecture'])]
  const said = os === undefined || architecture === undefined ? {} : { platform: `${os}/${architecture}` }
  return { mediaType: type, digest: sha, size, ...said }
}

/** Those of an index that are kept; one whose platform is not said is for all of them. Variants of a processor count as it. */
export function wantedOf(manifests: readonly Descriptor[], platforms: Platforms): Descriptor[] {
  return manifests.filter(
    ({ platform }) => platforms === 'all' || platform === undefined || platforms.includes(platform),
  )
}

/** An index with fewer platforms than the one it was made from: complete in itself, so that every tool can copy it. */
export function lesserIndex(index: unknown, wanted: readonly Descriptor[]): Uint8Array {
  const digests = new Set(wanted.map(({ digest }) => digest))
  const manifests = listOf(recordOf(index)['manifests']).filter((one) => digests.has(String(recordOf(one)['digest'])))
  return jsonBytes({ schemaVersion: 2, mediaType: INDEX, manifests })
}

/** In the index of a layout, skopeo and its kin see nothing but types of OCI. */
export function mayBeNamed({ mediaType }: Descriptor): boolean {
  return mediaType === INDEX || mediaType === MANIFEST
}

/** An index that leads to the same bytes as a document of Docker's types. */
export function namingIndex({ mediaType, digest, size }: Descriptor, document: unknown): Uint8Array {
  const below = recordOf(document)['manifests']
  // Of no platform: then it is everybody's.
  const manifests = Array.isArray(below) ? below : [{ mediaType, digest, size }]
  return jsonBytes({ schemaVersion: 2, mediaType: INDEX, manifests })
}

/** The type of a document that comes without one. */
export function typeOf(document: unknown): string {
  return textOf(recordOf(document)['mediaType']) ?? (isRecord(document) && 'manifests' in document ? INDEX : MANIFEST)
}

/** An image in a layout. */
export interface LayoutEntry extends Descriptor {
  /** In full, as `imageText` writes it. */
  name: string
}

export const LAYOUT_FILE = 'oci-layout'
export const LAYOUT_INDEX = 'index.json'

export function layoutFile(): Uint8Array {
  return jsonBytes({ imageLayoutVersion: '1.0.0' })
}

export function layoutIndex(entries: readonly LayoutEntry[]): Uint8Array {
  const manifests = entries.map(({ name, mediaType, digest, size }) => ({
    mediaType,
    digest,
    size,
    annotations: { [REF_NAME]: name, [CONTAINERD_NAME]: name },
  }))
  return jsonBytes({ schemaVersion: 2, mediaType: INDEX, manifests })
}

/** `undefined` where an image in it has no name. */
export function readLayoutIndex(value: unknown): LayoutEntry[] | undefined {
  const found = listOf(recordOf(value)['manifests']).map((one) => {
    const [descriptor, name] = [descriptorOf(one), textOf(recordOf(recordOf(one)['annotations'])[REF_NAME])]
    return descriptor === undefined || name === undefined ? undefined : { ...descriptor, name }
  })
  return found.every((entry) => entry !== undefined) ? found : undefined
}

/** Where a layout has the bytes of a digest. */
export function blobPath(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`
}

function jsonBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}
