// Which images a release runs, and as whom its pods pull them: what its manifest names, and what the pods say of it.
import { listOf, recordOf, textOf, valueAt } from '../json.ts'
import type { JsonRecord } from '../json.ts'
import { imagesOf, podSpecOf } from '../rendered/objects.ts'
import { readImageId } from './name.ts'
import type { ReleaseImage } from './wish.ts'

/** What a pod reported of one of its containers. */
interface Ran {
  image: string
  imageId: string
  isRunning: boolean
  createdAt: string
}

/** Every image of the manifest, with what really ran of it: tags may be moved, digests may not. */
export function imagesOfRelease(manifest: readonly JsonRecord[], pods: readonly object[]): ReleaseImage[] {
  // What runs says more than what is over, and what was pulled last more than what was pulled before.
  const ran = pods
    .flatMap((pod) => ranIn(recordOf(pod)))
    .toSorted(
      (left, right) =>
        Number(right.isRunning) - Number(left.isRunning) || right.createdAt.localeCompare(left.createdAt),
    )
  const images = [...new Set(manifest.flatMap(imagesOf))].toSorted()
  return images.map((image) => {
    const [first, ...more] = ran.filter((one) => one.image === image)
    if (first === undefined) return { image }
    const others = first.isRunning ? othersThan(first, more) : []
    return { image, digest: first.imageId, ...(others.length === 0 ? {} : { others }) }
  })
}

/** A digest of a configuration cannot be compared with one of a manifest. */
function othersThan({ imageId }: Ran, more: readonly Ran[]): string[] {
  const known = readImageId(imageId).digest
  const digests = more.filter(({ isRunning }) => isRunning).map((one) => readImageId(one.imageId).digest)
  const others = digests.filter((digest) => digest !== undefined).filter((digest) => digest !== known)
  return known === undefined ? [] : [...new Set(others)]
}

/** By the name in the pod's own words: that in its status is the runtime's, which may be another one for the same image. */
function ranIn(pod: JsonRecord): Ran[] {
  const isRunning =
    valueAt(pod, 'status.phase') === 'Running' && valueAt(pod, 'metadata.deletionTimestamp') === undefined
  const createdAt = textOf(valueAt(pod, 'metadata.creationTimestamp')) ?? ''
  return (['initContainer', 'container'] as const).flatMap((kind) => {
    const named = new Map(
      listOf(valueAt(pod, `spec.${kind}s`)).map((container) => [
        valueAt(container, 'name'),
        valueAt(container, 'image'),
      ]),
    )
    return listOf(valueAt(pod, `status.${kind}Statuses`)).flatMap((status): Ran[] => {
      const [image, imageId] = [textOf(named.get(valueAt(status, 'name'))), textOf(valueAt(status, 'imageID'))]
      return image === undefined || imageId === undefined || imageId === ''
        ? []
        : [{ image, imageId, isRunning, createdAt }]
    })
  })
}

/** Names of the Secrets that pods of the release pull with; pods that run have those of their ServiceAccount as well. */
export function pullSecretsOf(manifest: readonly JsonRecord[], pods: readonly object[]): string[] {
  const wanted = new Set(manifest.flatMap(imagesOf))
  const own = pods.map(recordOf).filter((pod) => imagesIn(pod).some((image) => wanted.has(image)))
  const specs = [...manifest.map(podSpecOf), ...own.map((pod) => recordOf(pod['spec']))]
  const names = specs.flatMap((spec) => listOf(spec['imagePullSecrets']).map((one) => textOf(recordOf(one)['name'])))
  return [...new Set(names.filter((name) => name !== undefined))].toSorted()
}

function imagesIn(pod: JsonRecord): string[] {
  return imagesOf({ ...pod, kind: 'Pod' })
}
