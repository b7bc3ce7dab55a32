// The images a set holds, read back: its layout's index, and each blob of it, checked against the manifest and its own name.
import type { Readable } from 'node:stream'
import { PawlError } from '../../core/errors.ts'
import { blobPath, LAYOUT_INDEX, readLayoutIndex, type LayoutEntry } from '../../core/images/oci.ts'
import type { KeptImage } from '../../core/images/wish.ts'
import { fetchDocument, fetchPart } from '../archive.ts'
import type { StoredPart } from '../manifest.ts'
import type { StoredSet } from '../stored-set.ts'
import { IMAGES } from './keep.ts'

export interface SetImages {
  /** In the order of the layout's entries. */
  images: (KeptImage & { entry: LayoutEntry })[]
  /** Every file of the layout but its index, by its path in it. */
  files: Map<string, StoredPart>
  index: Uint8Array
}

function damaged(set: StoredSet, why: string): PawlError {
  const { set: name } = set.manifest
  return new PawlError({ code: 'backup-damaged', message: `The images of ${name}: ${why}.`, facts: { set: name } })
}

/** Throws `input-invalid` where the set was not asked to hold any. */
export async function readSetImages(set: StoredSet, signal: AbortSignal): Promise<SetImages> {
  const { images: kept, objects, set: name } = set.manifest
  if (kept === undefined) {
    throw new PawlError({
      code: 'input-invalid',
      message: `The set ${name} holds no images.`,
      hint: 'Name a set that was taken with --images; "pawl backup show" says which images a set holds.',
      unchanged: 'Nothing was changed.',
    })
  }
  const parts = objects.filter((part) => part.name.startsWith(IMAGES))
  const files = new Map(parts.map((part) => [part.name.slice(IMAGES.length).replace(/\.age$/, ''), part]))
  const part = files.get(LAYOUT_INDEX)
  if (part === undefined) throw damaged(set, 'there is no index')
  files.delete(LAYOUT_INDEX)
  for (const [path, { plainSha256 }] of files)
    if (path.startsWith('blobs/') && path !== blobPath(`sha256:${plainSha256}`))
      throw damaged(set, `${path} is not named after its bytes`)
  const index = await fetchDocument(set.vault, part, set.identity, signal)
  const entries = readLayoutIndex(JSON.parse(Buffer.from(index).toString('utf8')))
  if (
    entries?.length !== kept.length ||
    [...entries.map(({ digest }) => digest), ...kept.map((one) => one.kept)].some(
      (digest) => !files.has(blobPath(digest)),
    )
  )
    throw damaged(set, 'the index is not that of the manifest')
  return { images: kept.map((image, at) => ({ ...image, entry: entries[at]! })), files, index }
}

/** As `fetchPart`, for a digest. */
export async function withBlob<T>(
  set: StoredSet,
  { files }: SetImages,
  digest: string,
  signal: AbortSignal,
  use: (plain: Readable) => Promise<T>,
): Promise<T> {
  const part = files.get(blobPath(digest))
  if (part === undefined) throw damaged(set, `${digest} is missing`)
  return await fetchPart(set.vault, part, set.identity, signal, use)
}
