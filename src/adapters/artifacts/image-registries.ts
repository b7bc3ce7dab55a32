// Images in OCI registries (distribution-spec v1.1): manifests and blobs as they are, checked against their digests, and put elsewhere.
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { PawlError } from '../../core/errors.ts'
import { isDigest, repositoryText, type Repository } from '../../core/images/name.ts'
import { IMAGE_TYPES } from '../../core/images/oci.ts'
import type { BlobRef, ImageRegistries } from '../../ports/images.ts'
import { blobStream } from './image-blob.ts'
import { damaged, imageRequests, unreachable, type RequestOptions } from './image-requests.ts'

/** Registries take no bigger ones (distribution-spec, "Pushing manifests"). */
const MANIFEST_CAP_BYTES = 4 << 20

export function imageRegistries(options: RequestOptions): ImageRegistries {
  const send = imageRequests(options)
  return {
    async manifest(at, reference, signal) {
      const headers = { accept: IMAGE_TYPES.join(', ') }
      const to = `manifests/${reference}`
      const response = await send(at, { method: 'GET', to, headers, capBytes: MANIFEST_CAP_BYTES, signal })
      if (response.status === 404) return await nothing(response)
      const bytes = new Uint8Array(await response.arrayBuffer())
      const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
      const expected = isDigest(reference) ? reference : response.headers.get('docker-content-digest')
      if (expected?.startsWith('sha256:') === true && expected !== digest)
        throw damaged(new URL(`https://${at.host}/v2/${at.path}/${to}`), { digest: expected }, digest)
      return { mediaType: response.headers.get('content-type')?.split(';')[0]?.trim() ?? '', digest, bytes }
    },
    async blob(at, blob, signal) {
      const open = async (from: number): Promise<Response> => {
        const headers: Record<string, string> = from === 0 ? {} : { range: `bytes=${from}-` }
        const response = await send(at, { method: 'GET', to: `blobs/${blob.digest}`, headers, signal })
        if (response.status === 404) throw missing(at, blob)
        return response
      }
      const first = await open(0)
      const url = new URL(`https://${at.host}/v2/${at.path}/blobs/${blob.digest}`)
      return blobStream(first, { ...blob, url, open, clock: options.clock, signal })
    },
    async hasBlob(at, digest, signal) {
      const response = await send(at, { method: 'HEAD', to: `blobs/${digest}`, signal })
      return response.status !== 404
    },
    async putBlob(at, { digest, sizeBytes }, body, signal) {
      const begun = await send(at, { method: 'POST', to: 'blobs/uploads/', signal })
      await begun.body?.cancel()
      const to = uploadAt(begun, at)
      to.searchParams.set('digest', digest)
      const headers = { 'content-type': 'application/octet-stream', 'content-length': String(sizeBytes) }
      const stream = Readable.toWeb(body) as ReadableStream
      const done = await send(at, { method: 'PUT', to, headers, body: stream, signal })
      await done.body?.cancel()
    },
    async putManifest(at, reference, { mediaType, bytes }, signal) {
      const headers = { 'content-type': mediaType }
      const body = Buffer.from(bytes)
      const done = await send(at, { method: 'PUT', to: `manifests/${reference}`, headers, body, signal })
      await done.body?.cancel()
    },
  }
}

async function nothing(response: Response): Promise<undefined> {
  await response.body?.cancel()
}

/** Where the registry wants the bytes, which may be another host. */
function uploadAt(begun: Response, at: Repository): URL {
  const location = begun.headers.get('location') ?? ''
  if (location !== '' && URL.canParse(location, begun.url)) return new URL(location, begun.url)
  throw unreachable(new URL(begun.url), `it does not say where to put a blob of ${repositoryText(at)}`)
}

function missing(at: Repository, { digest }: BlobRef): PawlError {
  return new PawlError({
    code: 'image-missing',
    message: `${repositoryText(at)} has no ${digest}.`,
    facts: { repository: repositoryText(at), digest },
  })
}
