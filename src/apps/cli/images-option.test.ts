import { expect, test } from 'vitest'
import { PawlError } from '../../core/errors.ts'
import { imagesArguments } from '../../core/images/wish.ts'
import { FakeCluster } from '../../testing/cluster/fake-cluster.ts'
import { imagesOption, settledImages } from './images-option.ts'

function withNodes(...platforms: string[]): FakeCluster {
  const cluster = new FakeCluster({ namespace: 'shop' })
  for (const [at, platform] of platforms.entries()) {
    const [operatingSystem, architecture] = platform.split('/')
    const status = { nodeInfo: { operatingSystem, architecture } }
    cluster.seed({ apiVersion: 'v1', kind: 'Node', metadata: { name: `node-${at}` }, status })
  }
  return cluster
}

test.each<[object, object | undefined]>([
  [{}, undefined],
  [{ images: 'all' }, { platforms: 'all' }],
  [
    { images: 'nodes', registryCa: 'company' },
    { platforms: 'nodes', ca: 'company' },
  ],
  [
    {
      images: 'linux/amd64,linux/arm64',
      registryLogin: 'pull',
      registryHttp: ['r:5000'],
      registryProxy: 'http://p:3128',
    },
    { platforms: ['linux/amd64', 'linux/arm64'], login: 'pull', plainHttp: ['r:5000'], proxy: 'http://p:3128' },
  ],
])('%j', (options, asked) => expect(imagesOption({ ...options })).toEqual(asked))

test.each([
  { images: 'amd64' },
  { images: '' },
  { registryCa: 'company' },
  { images: 'all', registryProxy: 'http://user:pw@p' },
  { images: 'all', registryProxy: 'p:3128' },
])('%j is refused', (options) => expect(() => imagesOption(options)).toThrow(PawlError))

test('"nodes" is what the nodes are, once each; where none can be read it is not guessed', async () => {
  const cluster = withNodes('linux/arm64', 'linux/amd64', 'linux/amd64')
  expect(await settledImages(cluster, { platforms: 'nodes', ca: 'x' })).toEqual({
    images: { platforms: ['linux/amd64', 'linux/arm64'], ca: 'x' },
  })
  expect(await settledImages(cluster, undefined)).toEqual({})
  expect(await settledImages(withNodes(), { platforms: 'all' })).toEqual({ images: { platforms: 'all' } })
  await expect(settledImages(withNodes(), { platforms: 'nodes' })).rejects.toMatchObject({ code: 'unknown-state' })
  const refused = withNodes('linux/amd64')
  refused.list = () => Promise.reject(new PawlError({ code: 'cluster-refused', message: 'no nodes for you' }))
  await expect(settledImages(refused, { platforms: 'nodes' })).rejects.toMatchObject({
    code: 'cluster-refused',
    hint: expect.stringContaining('--images linux/amd64') as string,
  })
})

test('a schedule is told the same in its own words', () => {
  const wish = { platforms: ['linux/amd64'], login: 'l', ca: 'c', proxy: 'http://p', plainHttp: ['a:1', 'b:2'] }
  expect(imagesArguments(wish).join(' ')).toBe(
    '--images linux/amd64 --registry-login l --registry-ca c --registry-proxy http://p --registry-http a:1 --registry-http b:2',
  )
  expect(imagesArguments({ platforms: 'all' })).toEqual(['--images', 'all'])
})
