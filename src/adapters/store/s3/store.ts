// ObjectStore in an S3 bucket. Creation is conditional (`If-None-Match: *`), so that the service itself keeps names unique.
import * as sdk from '@aws-sdk/client-s3'
import type { ListMultipartUploadsCommandOutput, S3Client, S3ClientConfig } from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import type { Agent as HttpAgent } from 'node:http'
import type { Agent as HttpsAgent } from 'node:https'
import { Readable } from 'node:stream'
import type { Secret } from '../../../core/secret.ts'
import type { ObjectStore, StoredObject } from '../../../ports/store.ts'
import { checkName } from '../../../core/data/object-name.ts'
import { readError, writeError } from '../answers.ts'
import { baseOf, inNameOrder, timeOf } from '../listing.ts'
import { refusalOf, statusOf } from './errors.ts'

/** Two parts of this size are in memory per write; 10,000 parts are the service's limit, so one object is at most 160 GB. */
const PART_BYTES = 16 * 1024 * 1024
const PARTS_AT_ONCE = 2

export interface S3StoreOptions {
  bucket: string
  prefix: string
  endpoint?: string
  region?: string
  /** Absent: what the environment gives (variables, instance, workload identity). */
  credentials?: { accessKeyId: Secret; secretAccessKey: Secret; sessionToken?: Secret }
  /** Connections through a proxy. */
  agents?: { httpAgent: HttpAgent; httpsAgent: HttpsAgent }
}

/** Amazon's region where the SDK finds none for a bucket of Amazon's; other services take any name. */
const ANY_REGION = 'us-east-1'

function configOf(options: S3StoreOptions): S3ClientConfig {
  const { endpoint, region, credentials, agents } = options
  return {
    // Without a region the SDK looks at the environment and the profile.
    ...(region === undefined && endpoint === undefined ? {} : { region: region ?? ANY_REGION }),
    followRegionRedirects: true,
    maxAttempts: 5,
    // Other services than Amazon's do not all know the newer default checksums; our own SHA-256 covers every object.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(agents === undefined ? {} : { requestHandler: agents }),
    ...(credentials === undefined
      ? {}
      : {
          credentials: {
            accessKeyId: credentials.accessKeyId.reveal().trim(),
            secretAccessKey: credentials.secretAccessKey.reveal().trim(),
            ...(credentials.sessionToken === undefined
              ? {}
              : { sessionToken: credentials.sessionToken.reveal().trim() }),
          },
        }),
  }
}

async function* translated(body: Readable, where: string, name: string): AsyncGenerator<Uint8Array> {
  try {
    yield* body
  } catch (error) {
    throw readError(error, refusalOf(error), where, name)
  }
}

/** This file is loaded only when an S3 store is really used, and the SDK with it. */
export async function s3Store(options: S3StoreOptions): Promise<ObjectStore> {
  let client: S3Client = new sdk.S3Client(configOf(options))
  const region = await client.config.region().catch(() => undefined)
  if (region === undefined) client = new sdk.S3Client({ ...configOf(options), region: ANY_REGION })
  const Bucket = options.bucket
  const base = baseOf(options.prefix)
  const where = `s3://${Bucket}/${base}`
  const keyOf = (name: string): string => base + checkName(name)

  async function putWhole(name: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    const command = new sdk.PutObjectCommand({ Bucket, Key: keyOf(name), Body: bytes, IfNoneMatch: '*' })
    await client.send(command, signal === undefined ? {} : { abortSignal: signal })
  }

  async function putStream(name: string, body: Readable, signal?: AbortSignal): Promise<number> {
    let sizeBytes = 0
    async function* counted(): AsyncGenerator<Uint8Array> {
      for await (const chunk of body as AsyncIterable<Uint8Array>) {
        signal?.throwIfAborted()
        sizeBytes += chunk.length
        yield chunk
      }
    }
    const upload = new Upload({
      client,
      params: { Bucket, Key: keyOf(name), Body: Readable.from(counted(), { objectMode: false }), IfNoneMatch: '*' },
      partSize: PART_BYTES,
      queueSize: PARTS_AT_ONCE,
    })
    const stop = (): void => void upload.abort()
    signal?.addEventListener('abort', stop, { once: true })
    try {
      await upload.done()
    } finally {
      signal?.removeEventListener('abort', stop)
    }
    return sizeBytes
  }

  return {
    where,
    async put(name, body, signal) {
      try {
        if (body instanceof Uint8Array) {
          await putWhole(name, body, signal)
          return { sizeBytes: body.length }
        }
        return { sizeBytes: await putStream(name, body, signal) }
      } catch (error) {
        if (body instanceof Readable) body.destroy()
        signal?.throwIfAborted()
        throw writeError(error, refusalOf(error), where, name)
      }
    },
    async get(name, signal) {
      try {
        const answer = await client.send(
          new sdk.GetObjectCommand({ Bucket, Key: keyOf(name) }),
          signal === undefined ? {} : { abortSignal: signal },
        )
        if (!(answer.Body instanceof Readable)) throw new Error('the answer has no body')
        return Readable.from(translated(answer.Body, where, name), { objectMode: false })
      } catch (error) {
        throw readError(error, refusalOf(error), where, name)
      }
    },
    async head(name, signal) {
      try {
        const answer = await client.send(
          new sdk.HeadObjectCommand({ Bucket, Key: keyOf(name) }),
          signal === undefined ? {} : { abortSignal: signal },
        )
        return { name, sizeBytes: answer.ContentLength ?? 0, modifiedAt: timeOf(answer.LastModified) }
      } catch (error) {
        if (statusOf(error) === 404) return undefined
        throw readError(error, refusalOf(error), where)
      }
    },
    async list(prefix, signal) {
      const found: StoredObject[] = []
      try {
        let token: string | undefined
        do {
          const page = await client.send(
            new sdk.ListObjectsV2Command({
              Bucket,
              Prefix: base + prefix,
              ...(token === undefined ? {} : { ContinuationToken: token }),
            }),
            signal === undefined ? {} : { abortSignal: signal },
          )
          for (const object of page.Contents ?? []) {
            if (object.Key === undefined || object.Key.endsWith('/')) continue
            found.push({
              name: object.Key.slice(base.length),
              sizeBytes: object.Size ?? 0,
              modifiedAt: timeOf(object.LastModified),
            })
          }
          token = page.IsTruncated === true ? page.NextContinuationToken : undefined
        } while (token !== undefined)
      } catch (error) {
        throw readError(error, refusalOf(error), where)
      }
      return inNameOrder(found)
    },
    async remove(name, signal) {
      const options_ = signal === undefined ? {} : { abortSignal: signal }
      try {
        const there = await client.send(new sdk.HeadObjectCommand({ Bucket, Key: keyOf(name) }), options_).then(
          () => true,
          (error: unknown) => {
            if (statusOf(error) === 404) return false
            throw error
          },
        )
        if (there) await client.send(new sdk.DeleteObjectCommand({ Bucket, Key: keyOf(name) }), options_)
        return there
      } catch (error) {
        throw writeError(error, refusalOf(error), where, name)
      }
    },
    async stranded({ under, before }, what, signal) {
      const options_ = signal === undefined ? {} : { abortSignal: signal }
      let count = 0
      try {
        let markers: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {}
        while (markers !== undefined) {
          const command = new sdk.ListMultipartUploadsCommand({ Bucket, Prefix: `${base}${under}`, ...markers })
          const page: ListMultipartUploadsCommandOutput = await client.send(command, options_)
          for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
            if (Key === undefined || UploadId === undefined || !(timeOf(Initiated) < before.toISOString())) continue
            count += 1
            if (what === 'remove')
              await client.send(new sdk.AbortMultipartUploadCommand({ Bucket, Key, UploadId }), options_)
          }
          markers =
            page.IsTruncated === true && page.NextKeyMarker !== undefined
              ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker ?? '' }
              : undefined
        }
        return count
      } catch (error) {
        throw readError(error, refusalOf(error), where)
      }
    },
    async freeBytes() {
      return undefined
    },
  }
}
