// Images in a set: what is kept of which, stored once, taken out as they were; and what is not an image of the release.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ageCipher } from '../../adapters/age/cipher.ts'
import { generateIdentity } from '../../adapters/age/identity.ts'
import { imageRegistries } from '../../adapters/artifacts/image-registries.ts'
import { readImageDocument, readLayoutIndex, type Platforms } from '../../core/images/oci.ts'
import type { ReleaseImage } from '../../core/images/wish.ts'
import { secret } from '../../core/secret.ts'
import { digestOf, putImage, putIndex, testRegistry, type TestRegistry } from '../../testing/image-registry.ts'
import { memoryStore, type MemoryStore } from '../../testing/memory-store.ts'
import type { Vault } from '../archive.ts'
import type { DataDeps, TaskContext } from '../deps.ts'
import { finishSet } from '../housekeeping/set.fixture.ts'
import { runDataTask } from '../run.ts'
import { gatherImages } from './gather.ts'
import { keepImages, refuseTooMany } from './keep.ts'

const SET = 'shop/tally/one'
const STORE = { type: 'directory', path: '/store' } as const
const OUT = { type: 'directory', path: '/out' } as const
const context: TaskContext = { report: () => undefined, signal: new AbortController().signal }

let registry: TestRegistry
let store: MemoryStore
let out: MemoryStore
let deps: DataDeps
let recipients: string[]
const registries = () =>
  imageRegistries({
    logins: async () => [],
    plainHttp: [],
    clock: { now: () => new Date(0), sleep: async () => undefined },
  })
beforeEach(async () => {
  registry = await testRegistry()
  store = memoryStore()
  out = memoryStore()
  const { identity, recipient } = await generateIdentity()
  recipients = [recipient]
  deps = {
    openStore: async (spec: { path: string }) => (spec.path === OUT.path ? out : store),
    openImages: async () => registries(),
    cipher: ageCipher(),
    secrets: { resolve: async () => secret(identity) },
  } as unknown as DataDeps
})
afterEach(async () => await registry.close())

const vault = (): Vault => ({ store, cipher: deps.cipher, set: SET })
const ref = { set: SET, store: STORE, identity: { secret: 'pawl-identity', key: 'identity' } }

async function keep(images: ReleaseImage[], platforms: Platforms = 'all') {
  const gathered = await gatherImages(registries(), images, platforms, context.signal)
  const parts = await keepImages(registries(), gathered, vault(), recipients, context)
  await finishSet(store, SET, parts, undefined, {}, gathered.kept)
  return { gathered, parts }
}

const named = (path: string, tag = '1'): string => `${registry.host}/${path}:${tag}`
const idOf = (path: string, digest: string): string => `${registry.host}/${path}@${digest}`

test('what ran is kept though its tag was moved, a shared layer once, and everything comes out as it was', async () => {
  const api = putImage(registry, 'team/api', ['shared', 'api'], '1')
  putImage(registry, 'team/api', ['newer'], '1')
  const web = putImage(registry, 'team/web', ['shared', 'web'], '1')
  const { parts } = await keep([
    { image: named('team/api'), digest: idOf('team/api', api.digest) },
    { image: named('team/web') },
  ])
  expect(registry.asked.filter((line) => line.endsWith(digestOf(Buffer.from('shared'))))).toHaveLength(1)
  expect(parts.map(({ name }) => name.replace(/[0-9a-f]{64}/, 'X')).toSorted()).toEqual([
    ...Array(7).fill('images/blobs/sha256/X.age'),
    'images/index.json.age',
    'images/oci-layout.age',
  ])
  const taken = await runDataTask<'take-images'>({ kind: 'take-images', to: OUT, ...ref }, deps)
  expect(taken).toMatchObject({
    made: 8,
    images: [{ digest: api.digest }, { digest: web.digest, as: named('team/web') }],
  })
  for (const [name, bytes] of out.objects)
    if (name.startsWith('blobs/')) expect(`blobs/${digestOf(bytes).replace(':', '/')}`).toBe(name)
  const index = readLayoutIndex(JSON.parse(Buffer.from(out.objects.get('index.json')!).toString()))
  expect(index?.map(({ name, digest }) => [name, digest])).toEqual([
    [named('team/api'), api.digest],
    [named('team/web'), web.digest],
  ])
  // Again it makes nothing; over another layout it does nothing.
  expect((await runDataTask<'take-images'>({ kind: 'take-images', to: OUT, ...ref }, deps)).made).toBe(0)
  await out.remove('index.json')
  await out.put('index.json', Buffer.from('{}'))
  const over = runDataTask<'take-images'>({ kind: 'take-images', to: OUT, ...ref }, deps)
  await expect(over).rejects.toMatchObject({ code: 'cluster-conflict' })
})

test.each<[Platforms, string[], 'index' | 'image' | 'lesser']>([
  ['all', ['linux/amd64', 'linux/arm64', 'windows/amd64'], 'index'],
  [['linux/arm64'], ['linux/arm64'], 'image'],
  [['linux/amd64', 'linux/arm64'], ['linux/amd64', 'linux/arm64'], 'lesser'],
])('of an image for three platforms: %s', async (platforms, kept, entry) => {
  const images = Object.fromEntries(
    ['linux/amd64', 'linux/arm64', 'windows/amd64'].map((name) => [name, putImage(registry, 'app', [name])]),
  )
  const whole = putIndex(registry, 'app', images, '1')
  const { gathered } = await keep([{ image: named('app'), digest: idOf('app', whole.digest) }], platforms)
  const { digest } = gathered.entries[0]!
  expect(gathered.kept).toEqual([{ image: named('app'), digest: whole.digest, kept: digest, platforms: kept }])
  // The document that ran is there in any case: it ties what is kept to what the pods said.
  expect(gathered.documents.has(whole.digest)).toBe(true)
  if (entry === 'index') expect(digest).toBe(whole.digest)
  if (entry === 'image') expect(digest).toBe(images['linux/arm64']!.digest)
  const says = readImageDocument(JSON.parse(Buffer.from(gathered.documents.get(digest)!).toString()))
  if (entry === 'lesser') expect(says).toMatchObject({ manifests: [{ platform: kept[0] }, { platform: kept[1] }] })
  // Whatever the entry leads to is there.
  if (says?.is === 'index') for (const below of says.manifests) expect(gathered.documents.has(below.digest)).toBe(true)
  expect(gathered.blobs.size).toBe(kept.length * 2)
})

test.each<[Platforms, number]>([
  ['all', 2],
  [['linux/amd64'], 1],
])(
  "Docker's types (%s): a name that every tool finds, and in a registry the very same bytes",
  async (platforms, kept) => {
    const [manifest, list] = ['', '.list'].map((kind) => `application/vnd.docker.distribution.manifest${kind}.v2+json`)
    const of = (platform: string) => putImage(registry, 'many', [platform], undefined, manifest)
    const images = { 'linux/amd64': of('linux/amd64'), 'linux/arm64': of('linux/arm64') }
    const whole = putIndex(registry, 'many', images, '1', list)
    const one = putImage(registry, 'one', ['one'], '1', manifest)
    const { gathered } = await keep([{ image: named('many') }, { image: named('one') }], platforms)
    for (const [at, { mediaType, digest }] of gathered.entries.entries()) {
      expect(mediaType).toBe('application/vnd.oci.image.index.v1+json')
      const says = readImageDocument(JSON.parse(Buffer.from(gathered.documents.get(digest)!).toString()))
      expect(says?.is === 'index' && says.manifests).toHaveLength(at === 0 ? kept : 1)
    }
    const roots = [kept === 2 ? whole : images['linux/amd64'], one]
    expect(gathered.kept.map((image) => image.kept)).toEqual(roots.map(({ digest }) => digest))
    const reach = { logins: [] }
    await runDataTask<'push-images'>(
      { kind: 'push-images', registry: { host: registry.host, path: 'to' }, reach, ...ref },
      deps,
    )
    for (const [name, { digest, mediaType }] of [
      ['many', roots[0]!],
      ['one', one],
    ] as const) {
      const pushed = registry.manifests.get(`to/${name}:1`)!
      expect([digestOf(pushed.bytes), pushed.mediaType]).toEqual([digest, mediaType])
    }
  },
)

test('what is not there is named, and nothing is written', async () => {
  const app = putImage(registry, 'app', ['a'], '1')
  putIndex(registry, 'multi', { 'linux/s390x': putImage(registry, 'multi', ['z']) }, '1')
  const config = (digest: string): ReleaseImage => ({ image: named('app'), digest })
  for (const [images, code] of [
    [[{ image: named('app', '2') }], 'image-missing'],
    [[{ image: named('app'), digest: idOf('app', digestOf(Buffer.from('gone'))) }], 'image-missing'],
    [[{ image: named('multi') }], 'image-missing'],
    [[config(digestOf(Buffer.from('other')))], 'image-missing'],
    [[{ image: 'NO image' }], 'input-invalid'],
  ] as const)
    await expect(keep([...images], ['linux/amd64'])).rejects.toMatchObject({
      code,
      unchanged: 'No backup set was written.',
    })
  expect(store.objects.size).toBe(0)
  // Not pulled from a registry, but the same.
  expect((await keep([config(app.config)])).gathered.kept).toMatchObject([{ digest: app.digest }])
})

test('the same bytes under another name are taken from where the node had them', async () => {
  const app = putImage(registry, 'mirror/app', ['a'])
  const { gathered } = await keep([{ image: named('app'), digest: idOf('mirror/app', app.digest) }])
  expect(gathered.kept).toMatchObject([{ image: named('app'), digest: app.digest }])
})

test('one wrong byte in the registry: no manifest, and the image is named', async () => {
  const app = putImage(registry, 'app', ['some layer'], '1')
  registry.fault = (path) => (path.endsWith(digestOf(Buffer.from('some layer'))) ? { spoilAt: 4 } : undefined)
  await expect(keep([{ image: named('app'), digest: idOf('app', app.digest) }])).rejects.toMatchObject({
    code: 'image-damaged',
    facts: { image: named('app') },
  })
  const digest = digestOf(Buffer.from('some layer')).slice('sha256:'.length)
  expect([...store.objects.keys()].filter((name) => name.includes(digest))).toEqual([])
})

test('one wrong byte in the store: nothing comes out, and a push does not blame the registry', async () => {
  putImage(registry, 'app', ['some layer'], '1')
  const { parts } = await keep([{ image: named('app') }])
  const layer = parts.find(({ plainBytes }) => plainBytes === 'some layer'.length)
  const stored = store.objects.get(`${SET}/${layer?.name}`)!
  stored[stored.length - 1]! ^= 1
  const take = runDataTask<'take-images'>({ kind: 'take-images', to: OUT, ...ref }, deps)
  await expect(take).rejects.toMatchObject({ code: 'backup-damaged' })
  expect(out.objects.has('index.json')).toBe(false)
  const to = { host: registry.host, path: 'mine' }
  const push = runDataTask<'push-images'>({ kind: 'push-images', registry: to, reach: { logins: [] }, ...ref }, deps)
  await expect(push).rejects.toMatchObject({ code: 'backup-damaged' })
  expect(registry.manifests.has('mine/app:1')).toBe(false)
})

test('a store that can tell that they do not fit is not begun with', async () => {
  putImage(registry, 'app', ['a layer'], '1')
  const gathered = await gatherImages(registries(), [{ image: named('app') }], 'all', context.signal)
  const small = { ...vault(), store: { ...store, freeBytes: async () => 10 } }
  await expect(refuseTooMany(gathered, small, context.signal)).rejects.toMatchObject({ code: 'store-full' })
  await refuseTooMany(gathered, vault(), context.signal)
})

test('into another registry: path and tag stay, the digest too, and a second time sends nothing', async () => {
  const api = putImage(registry, 'team/api', ['shared', 'api'], '1')
  const many = putIndex(registry, 'team/web', { 'linux/amd64': putImage(registry, 'team/web', ['shared', 'web']) }, '2')
  await keep([{ image: named('team/api') }, { image: named('team/web', '2') }])
  const to = await testRegistry()
  const push = async () =>
    await runDataTask<'push-images'>(
      { kind: 'push-images', registry: { host: to.host, path: 'mine' }, reach: { logins: [] }, ...ref },
      deps,
    )
  const pushed = await push()
  expect(pushed.images.map(({ as }) => as)).toEqual([`${to.host}/mine/team/api:1`, `${to.host}/mine/team/web:2`])
  expect(digestOf(to.manifests.get('mine/team/api:1')!.bytes)).toBe(api.digest)
  expect(digestOf(to.manifests.get('mine/team/web:2')!.bytes)).toBe(many.digest)
  for (const [name, bytes] of to.blobs) expect(name.endsWith(digestOf(bytes))).toBe(true)
  expect([pushed.made, (await push()).made]).toEqual([6, 0])
  await to.close()
})

test('two images that would have one name are not pushed', async () => {
  const other = await testRegistry()
  putImage(registry, 'app', ['one'], '1')
  putImage(other, 'app', ['two'], '1')
  await keep([{ image: named('app') }, { image: `${other.host}/app:1` }])
  const registryAt = { host: other.host, path: 'x' }
  const push = runDataTask<'push-images'>(
    { kind: 'push-images', registry: registryAt, reach: { logins: [] }, ...ref },
    deps,
  )
  await expect(push).rejects.toMatchObject({ code: 'input-invalid' })
  expect([...other.manifests.keys()].some((name) => name.startsWith('x/'))).toBe(false)
  await other.close()
})

test('a set that holds no images says so', async () => {
  await finishSet(store, SET, [
    { name: 'x.age', sizeBytes: 1, sha256: 'a'.repeat(64), plainBytes: 1, plainSha256: 'a'.repeat(64) },
  ])
  await store.put(`${SET}/x.age`, Buffer.from('x'))
  const take = runDataTask<'take-images'>({ kind: 'take-images', to: OUT, ...ref }, deps)
  await expect(take).rejects.toMatchObject({ code: 'input-invalid' })
})
