// Images out of a set into a registry: blobs first, then manifests, then the tag, so that a name never leads to half an image.
import { buffer } from 'node:stream/consumers'
import type { ResultOf, TaskOf } from '../../core/data/tasks.ts'
import { PawlError } from '../../core/errors.ts'
import { imageText, readImageName, type ImageName, type Repository } from '../../core/images/name.ts'
import { blobPath, readImageDocument, typeOf } from '../../core/images/oci.ts'
import type { DataDeps, TaskContext } from '../deps.ts'
import { inParallel } from '../parallel.ts'
import { openSet } from '../stored-set.ts'
import { readSetImages, withBlob } from './set-images.ts'

const WRITES_AT_ONCE = 3

/** Idempotent: what is there is not sent again. Throws `input-invalid` where two images would have one name, and the registry's errors. */
export async function runPushImages(
  task: TaskOf<'push-images'>,
  deps: DataDeps,
  context: TaskContext,
): Promise<ResultOf<'push-images'>> {
  const { signal } = context
  const set = await openSet(task, deps, signal)
  const found = await readSetImages(set, signal)
  const registries = await deps.openImages(task.reach)
  const targets = found.images.map((image) => ({ image, name: targetOf(image, task.registry) }))
  refuseSameNames(targets.map(({ image, name }) => ({ ...image, name })))
  let [made, sent] = [0, 0]

  async function pushDocument(at: Repository, digest: string, tag?: string): Promise<void> {
    const bytes = await withBlob(set, found, digest, signal, async (plain) => await buffer(plain))
    const document: unknown = JSON.parse(bytes.toString('utf8'))
    const says = readImageDocument(document)
    if (says?.is === 'index') for (const below of says.manifests) await pushDocument(at, below.digest)
    if (says?.is === 'manifest')
      await inParallel([says.config, ...says.layers], WRITES_AT_ONCE, signal, async (blob, stop) => {
        if (await registries.hasBlob(at, blob.digest, stop)) return
        const ref = { digest: blob.digest, sizeBytes: found.files.get(blobPath(blob.digest))?.plainBytes ?? blob.size }
        await withBlob(set, found, blob.digest, stop, async (plain) => await registries.putBlob(at, ref, plain, stop))
        made += 1
        sent += ref.sizeBytes
        context.report({ phase: 'images', note: `${at.host}/${at.path}`, bytes: sent })
      })
    await registries.putManifest(at, tag ?? digest, { mediaType: typeOf(document), digest, bytes }, signal)
  }

  for (const { image, name } of targets) await pushDocument(name, image.kept, name.tag)
  return {
    images: targets.map(({ image: { entry: _entry, ...image }, name }) => ({ ...image, as: imageText(name) })),
    made,
    bytes: sent,
  }
}

/** The path stays, the host goes: `ghcr.io/team/app:1` becomes `HOST/PATH/team/app:1`. */
function targetOf({ image, kept }: { image: string; kept: string }, { host, path }: Repository): ImageName {
  const name = readImageName(image)
  if (name === undefined) throw new PawlError({ code: 'backup-damaged', message: `"${image}" is no name of an image.` })
  const below = { host, path: path === '' ? name.path : `${path}/${name.path}` }
  if (name.tag === undefined && name.digest !== undefined) return { ...below, digest: kept }
  return { ...below, tag: name.tag ?? 'latest' }
}

function refuseSameNames(images: readonly { image: string; digest: string; name: ImageName }[]): void {
  const known = new Map<string, { image: string; digest: string }>()
  for (const { image, digest, name } of images) {
    const text = imageText(name)
    const other = known.get(text)
    if (other !== undefined && other.digest !== digest) {
      throw new PawlError({
        code: 'input-invalid',
        message: `${other.image} and ${image} are different images and would both become ${text}.`,
        hint: 'Take them to a directory, and push them one by one.',
        unchanged: 'Nothing was pushed.',
      })
    }
    known.set(text, { image, digest })
  }
}
