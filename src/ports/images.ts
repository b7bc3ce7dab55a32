// Registries of container images (distribution-spec v1.1): read, and written to where images are taken back.
import type { Readable } from 'node:stream'
import type { Repository } from '../core/images/name.ts'

export interface ImageBytes {
  mediaType: string
  /** `sha256:` and 64 hex digits; of these very bytes. */
  digest: string
  bytes: Uint8Array
}

export interface BlobRef {
  digest: string
  sizeBytes: number
}

/**
 * Every method throws `registry-unreachable` after some tries where there is no answer, and `registry-refused` where nobody or somebody
 * else may do it. Reading throws `image-damaged` where the bytes are not those of the digest.
 */
export interface ImageRegistries {
  /** By digest or tag; a manifest or an index. `undefined` where there is none. */
  manifest(at: Repository, reference: string, signal?: AbortSignal): Promise<ImageBytes | undefined>
  /**
   * A stream that goes on where a connection was cut; it ends with the error unless every byte was what the digest says. Throws
   * `image-missing`.
   */
  blob(at: Repository, blob: BlobRef, signal?: AbortSignal): Promise<Readable>
  hasBlob(at: Repository, digest: string, signal?: AbortSignal): Promise<boolean>
  /** Idempotent. */
  putBlob(at: Repository, blob: BlobRef, body: Readable, signal?: AbortSignal): Promise<void>
  /** Under a tag or its own digest; whatever had the tag has it no longer. */
  putManifest(at: Repository, reference: string, manifest: ImageBytes, signal?: AbortSignal): Promise<void>
}
