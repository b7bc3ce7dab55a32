import { expect, test } from 'vitest'
import { putImage, testRegistry } from '../../testing/image-registry.ts'
import { startProxy } from '../../testing/proxy.ts'
import { wire } from './wire.ts'

test('the proxy to the store does not lead to registries; theirs does', async () => {
  const [registry, store, own] = [await testRegistry(), await startProxy('127.0.0.1'), await startProxy('127.0.0.1')]
  putImage(registry, 'app', ['a'], '1')
  const { openImages } = await wire({ HTTPS_PROXY: store.url, HTTP_PROXY: store.url })
  for (const proxy of [undefined, own.url]) {
    const images = await openImages({ logins: [], ...(proxy === undefined ? {} : { proxy }) })
    expect(await images.manifest({ host: registry.host, path: 'app' }, '1')).toMatchObject({
      digest: expect.stringMatching(/^sha256:/),
    })
  }
  expect([store.asked, own.asked]).toEqual([[], [registry.host]])
  await registry.close()
  for (const proxy of [store, own]) proxy.stop()
})
