// Puts images into a set: blob by blob from the registry, through the digest and the cipher, into the store; nothing lies on disk.
import type { Readable } from 'node:stream'
import { PawlError } from '../../core/errors.ts'
import { blobPath, LAYOUT_FILE, LAYOUT_INDEX, layoutFile, layoutIndex } from '../../core/images/oci.ts'
import type { ImageRegistries } from '../../ports/images.ts'
import { storePart, type Vault } from '../archive.ts'
import type { TaskContext } from '../deps.ts'
import type { StoredPart } from '../manifest.ts'
import { inParallel } from '../parallel.ts'
import { ofImage, type GatheredImages } from './gather.ts'

/** An OCI image layout below it, each file encrypted like every other object of the set. */
export const IMAGES = 'images/'

const READS_AT_ONCE = 3

/** Throws `image-damaged` with the name of the image, `store-full`, and the errors of registry and store. */
export async function keepImages(
  registries: ImageRegistries,
  images: GatheredImages,
  vault: Vault,
  recipients: readonly string[],
  context: TaskContext,
): Promise<StoredPart[]> {
  const { documents, blobs, entries } = images
  const bytesTotal = sizeOfImages(images)
  let bytes = 0
  const parts: StoredPart[] = []
  const store = async (name: string, plain: Readable | Uint8Array, signal: AbortSignal): Promise<void> => {
    const part = await storePart(vault, `${IMAGES}${name}.age`, plain, recipients, signal, (more) => {
      bytes += more
      context.report({ phase: 'images', bytes, bytesTotal })
    })
    parts.push(part)
  }
  const biggestFirst = [...blobs].toSorted(([, left], [, right]) => right.sizeBytes - left.sizeBytes)
  await inParallel(biggestFirst, READS_AT_ONCE, context.signal, async ([digest, { at, sizeBytes, image }], signal) => {
    try {
      await store(blobPath(digest), await registries.blob(at, { digest, sizeBytes }, signal), signal)
    } catch (error) {
      throw ofImage(error, image)
    }
  })
  for (const [digest, document] of documents) await store(blobPath(digest), document, context.signal)
  await store(LAYOUT_FILE, layoutFile(), context.signal)
  await store(LAYOUT_INDEX, layoutIndex(entries), context.signal)
  return parts
}

/** Throws `store-full` where the store can tell that they do not fit: before a database is dumped for nothing. */
export async function refuseTooMany(images: GatheredImages, { store }: Vault, signal: AbortSignal): Promise<void> {
  const [free, needed] = [await store.freeBytes(signal), sizeOfImages(images)]
  if (free === undefined || free >= needed) return
  throw new PawlError({
    code: 'store-full',
    message: `${store.where} has ${free} bytes left; the images of the release have ${needed}.`,
    facts: { free, needed },
    unchanged: 'No backup set was written.',
  })
}

function sizeOfImages({ documents, blobs }: GatheredImages): number {
  const sizes = [
    ...[...blobs.values()].map(({ sizeBytes }) => sizeBytes),
    ...[...documents.values()].map((document) => document.length),
  ]
  return sizes.reduce((sum, size) => sum + size, 0)
}
