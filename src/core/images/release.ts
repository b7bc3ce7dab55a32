// Which images a release runs, and as whom its pods pull them: what its manifest names, and what the pods say of it.
import { listOf, recordOf, textOf, valueAt } from '../json.ts'
import type { JsonRecord } from '../json.ts'
import { imagesOf, podSpecOf } from '../rendered/objects.ts'
import type { ReleaseImage } from './wish.ts'

/** Every image of the manifest, with what really ran of it: tags may be moved, digests may not. */
export function imagesOfRelease(manifest: readonly JsonRecord[], pods: readonly object[]): ReleaseImage[] {
  const ran = new Map(pods.flatMap((pod) => ranIn(recordOf(pod))))
  const images = [...new Set(manifest.flatMap(imagesOf))].toSorted()
  return images.map((image) => {
    const digest = ran.get(image)
    return { image, ...(digest === undefined ? {} : { digest }) }
  })
}

/** By the name in the pod's own words: that in its status is the runtime's, which may be another one for the same image. */
function ranIn(pod: JsonRecord): [image: string, imageId: string][] {
  return (['initContainer', 'container'] as const).flatMap((kind) => {
    const named = new Map(
      listOf(valueAt(pod, `spec.${kind}s`)).map((container) => [
        valueAt(container, 'name'),
        valueAt(container, 'image'),
      ]),
    )
    return listOf(valueAt(pod, `status.${kind}Statuses`)).flatMap((status): [string, string][] => {
      const [image, id] = [textOf(named.get(valueAt(status, 'name'))), textOf(valueAt(status, 'imageID'))]
      return image === undefined || id === undefined || id === '' ? [] : [[image, id]]
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
