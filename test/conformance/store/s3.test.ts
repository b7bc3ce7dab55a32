import { CreateMultipartUploadCommand, ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { secret } from '../../../src/core/secret.ts'
import { certainStore } from '../../../src/adapters/store/certain.ts'
import { s3Store } from '../../../src/adapters/store/s3/store.ts'
import { startS3, type S3Service } from '../../support/versitygw.ts'
import { codeOf, storeConformance } from './suite.ts'

let service: S3Service

async function open(more: { bucket?: string; prefix?: string; secretAccessKey?: string; endpoint?: string } = {}) {
  const store = await s3Store({
    bucket: more.bucket ?? 'backups',
    prefix: more.prefix ?? 'team/pawl',
    endpoint: more.endpoint ?? service.endpoint,
    credentials: {
      accessKeyId: secret(service.accessKeyId),
      secretAccessKey: secret(more.secretAccessKey ?? service.secretAccessKey),
    },
  })
  return certainStore(store)
}

storeConformance('s3', { tiny: false }, async () => {
  service = await startS3(['backups', 'shared'])
  return {
    open: () => open(),
    reopen: () => open(),
    unwritable: () => open({ secretAccessKey: 'canary-wrong' }),
    gone: () => open({ bucket: 'no-such-bucket' }),
    dispose: async () => await service.stop(),
  }
})

test('a wrong key, a missing bucket and a service that does not answer are told apart from damage', async () => {
  service = await startS3(['backups'])
  try {
    expect(await codeOf((await open({ secretAccessKey: 'canary-wrong' })).get('x'))).toBe('store-unreadable')
    expect(await codeOf((await open({ bucket: 'no-such-bucket' })).get('x'))).toBe('store-unreadable')
    const nobody = await open({ endpoint: 'http://127.0.0.1:9' })
    expect(await codeOf(nobody.get('x'))).toBe('store-unreadable')
    expect(await codeOf(nobody.put('x', new Uint8Array(1)))).toBe('store-unwritable')
  } finally {
    await service.stop()
  }
}, 60_000)

test('two prefixes of one bucket do not see each other', async () => {
  service = await startS3(['backups'])
  try {
    const [one, other] = [await open({ prefix: 'one' }), await open({ prefix: 'one-more' })]
    await one.put('x', new Uint8Array(1))
    expect(await other.list('')).toEqual([])
    expect(await one.list('')).toMatchObject([{ name: 'x', sizeBytes: 1 }])
    const whole = await open({ prefix: '' })
    expect((await whole.list('one/')).map((object) => object.name)).toEqual(['one/x'])
  } finally {
    await service.stop()
  }
})

test('parts of an upload that was given up are found and removed', async () => {
  service = await startS3(['backups'])
  try {
    const { endpoint, accessKeyId, secretAccessKey } = service
    const credentials = { accessKeyId, secretAccessKey }
    const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials })
    for (const Key of ['team/pawl/set/big', 'team/pawl/another/big', 'other/big'])
      await client.send(new CreateMultipartUploadCommand({ Bucket: 'backups', Key }))
    const store = await open()
    const within = (ms: number) => ({ under: 'set/', before: new Date(Date.now() + ms) })
    const [past, future] = [within(-60_000), within(60_000)]
    expect(await store.stranded(past, 'remove')).toBe(0)
    expect(await store.stranded(future, 'count')).toBe(1)
    expect(await store.stranded(future, 'remove')).toBe(1)
    expect(await store.stranded(future, 'count')).toBe(0)
    // Somebody else's are not ours to remove.
    const whole = await client.send(new ListMultipartUploadsCommand({ Bucket: 'backups' }))
    expect(whole.Uploads?.map((upload) => upload.Key)).toEqual(['other/big', 'team/pawl/another/big'])
  } finally {
    await service.stop()
  }
})
