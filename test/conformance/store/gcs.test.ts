import { expect, test } from 'vitest'
import { certainStore } from '../../../src/adapters/store/certain.ts'
import { gcsStore } from '../../../src/adapters/store/gcs/store.ts'
import { secret } from '../../../src/core/secret.ts'
import { startGcs, type GcsService } from '../../support/fake-gcs.ts'
import { codeOf, storeConformance } from './suite.ts'

let service: GcsService

async function open(more: { bucket?: string; prefix?: string; endpoint?: string } = {}) {
  const { bucket = 'backups', prefix = 'team/pawl', endpoint = service.endpoint } = more
  return certainStore(await gcsStore({ bucket, prefix, endpoint }))
}

storeConformance('gcs', { tiny: false }, async () => {
  service = await startGcs(['backups'])
  return {
    open: () => open(),
    reopen: () => open(),
    unwritable: () => open({ bucket: 'no-such-bucket' }),
    gone: () => open({ bucket: 'no-such-bucket' }),
    dispose: async () => await service.stop(),
  }
})

test('a missing bucket is told apart from a missing object', async () => {
  service = await startGcs(['backups'])
  try {
    expect(await codeOf((await open({ bucket: 'no-such-bucket' })).get('x'))).toBe('store-unreadable')
    expect(await codeOf((await open()).get('x'))).toBe('backup-damaged')
  } finally {
    await service.stop()
  }
})

test('a key file that is none is said, without what is in it', async () => {
  const credentials = secret('{"client_email": "canary-mail"}')
  const opened = gcsStore({ bucket: 'b', prefix: '', credentials })
  await expect(opened).rejects.toMatchObject({
    code: 'input-invalid',
    message: expect.not.stringContaining('canary') as string,
  })
})
