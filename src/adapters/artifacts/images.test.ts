// Images from a registry that wants a login, is busy, cuts connections and lies; and into one.
import { get } from 'node:http'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { RegistryReach } from '../../core/images/wish.ts'
import { secret } from '../../core/secret.ts'
import type { ImageRegistries } from '../../ports/images.ts'
import { digestOf, putImage, testRegistry, type Fault, type TestRegistry } from '../../testing/image-registry.ts'
import { startProxy } from '../../testing/proxy.ts'
import { openImages } from './open-images.ts'

const LAYER = 'a layer '.repeat(40_000)
const BLOB = { digest: digestOf(Buffer.from(LAYER)), sizeBytes: LAYER.length }

let registry: TestRegistry
let at: { host: string; path: string }
let trusted: string[]
beforeEach(async () => {
  registry = await testRegistry()
  at = { host: registry.host, path: 'team/app' }
  putImage(registry, at.path, [LAYER], '1')
  trusted = []
})
afterEach(async () => await registry.close())

async function open(
  reach: Partial<RegistryReach> = {},
  secrets: Record<string, string> = {},
  env: NodeJS.ProcessEnv = {},
): Promise<ImageRegistries> {
  return await openImages(
    { logins: [], ...reach },
    {
      secrets: {
        resolve: async ({ secret: name, key }) => secret(secrets[`${name}/${key}`] ?? ''),
        files: async () => [],
      },
      clock: { now: () => new Date(0), sleep: async () => undefined },
      env,
      trust: (pem) => trusted.push(pem),
    },
  )
}

const read = async (images: ImageRegistries): Promise<string> => (await buffer(await images.blob(at, BLOB))).toString()
const docker = (user: string, password: string): string =>
  JSON.stringify({ auths: { [registry.host]: { username: user, password } } })
const LOGIN = { secret: 'pull', key: '.dockerconfigjson' }
const asked = (what: RegExp): number => registry.asked.filter((line) => what.test(line)).length

test('a manifest by tag and by digest, a blob, and what is not there', async () => {
  const images = await open()
  const found = await images.manifest(at, '1')
  expect(found?.digest).toBe(digestOf(found!.bytes))
  expect(await images.manifest(at, found!.digest)).toEqual(found)
  expect(await images.manifest(at, 'other')).toBeUndefined()
  expect(await read(images)).toBe(LAYER)
  const other = { digest: digestOf(Buffer.from('x')), sizeBytes: 1 }
  await expect(images.blob(at, other)).rejects.toMatchObject({ code: 'image-missing' })
})

test('a login comes from the pull secret that has one for the registry, and goes nowhere else', async () => {
  registry.login = { user: 'reader', password: 's3cret' }
  await expect(read(await open())).rejects.toMatchObject({ code: 'registry-refused' })
  const secrets = { 'empty/.dockercfg': '{}', 'pull/.dockerconfigjson': docker('reader', 's3cret') }
  const logins = [{ secret: 'empty', key: '.dockercfg' }, LOGIN]
  expect(await read(await open({ logins }, secrets))).toBe(LAYER)
  const wrong = await open({ logins: [LOGIN] }, { 'pull/.dockerconfigjson': docker('reader', 'wr0ng') })
    .then(read)
    .catch(String)
  expect(wrong).not.toMatch(/wr0ng|reader/)
  const broken = open({ logins: [LOGIN] }, { 'pull/.dockerconfigjson': '{"canary' })
  await expect(broken).rejects.toMatchObject({
    code: 'input-invalid',
    message: expect.not.stringContaining('canary') as string,
  })
})

test('every login for a registry is tried in turn, as nodes do', async () => {
  registry.login = { user: 'reader', password: 's3cret' }
  const auth = (password: string): object => ({ username: 'reader', password })
  const wider = { auths: { [`${registry.host}/team`]: auth('0ld'), [registry.host]: auth('s3cret') } }
  const secrets = { 'old/.dockerconfigjson': docker('reader', '0ld'), 'pull/.dockerconfigjson': JSON.stringify(wider) }
  const images = await open({ logins: [{ secret: 'old', key: '.dockerconfigjson' }, LOGIN] }, secrets)
  expect(await Promise.all([read(images), read(images)])).toEqual([LAYER, LAYER])
  expect(asked(/token/)).toBe(6)
  // Known, but not allowed.
  const left: Fault[] = [{ status: 403 }, { status: 403 }]
  registry.fault = () => left.shift()
  const two = { auths: { [`${registry.host}/team`]: auth('s3cret'), [registry.host]: auth('s3cret') } }
  const others = await open({ logins: [LOGIN] }, { 'pull/.dockerconfigjson': JSON.stringify(two) })
  await expect(read(others)).rejects.toMatchObject({ code: 'registry-refused', facts: { status: 403 } })
  left.push({ status: 403 })
  expect(await read(others)).toBe(LAYER)
})

test('one token for reading and another for writing, also where three blobs go at once', async () => {
  registry.login = { user: 'writer', password: 's3cret' }
  const images = await open({ logins: [LOGIN] }, { 'pull/.dockerconfigjson': docker('writer', 's3cret') })
  const to = { host: registry.host, path: 'team/copy' }
  const put = async (text: string): Promise<void> => {
    const blob = { digest: digestOf(Buffer.from(text)), sizeBytes: text.length }
    expect(await images.hasBlob(to, blob.digest)).toBe(false)
    await images.putBlob(to, blob, Readable.from([Buffer.from(text)]))
  }
  await put('first')
  await Promise.all(['one', 'two', 'three'].map(put))
  expect([...registry.tokens.values()].map(({ scope }) => scope)).toEqual([
    'repository:team/copy:pull',
    'repository:team/copy:pull,push',
  ])
})

test('a blob whose token went bad on the way is refused, not sent again from where it was left', async () => {
  registry.login = { user: 'writer', password: 's3cret' }
  registry.tokenUses = 1
  const images = await open({ logins: [LOGIN] }, { 'pull/.dockerconfigjson': docker('writer', 's3cret') })
  const put = images.putBlob(at, BLOB, Readable.from([Buffer.from(LAYER)]))
  await expect(put).rejects.toMatchObject({ code: 'registry-refused' })
  expect(asked(/^PUT/)).toBe(1)
})

test.each<[string, Fault[]]>([
  ['busy twice', [{ status: 503 }, { status: 429 }]],
  ['cut in the middle, twice', [{ cutAfter: 100_000 }, { cutAfter: 50_000 }]],
  ['cut, and does not know of ranges', [{ cutAfter: 100_000 }, 'ignores-ranges']],
])('a registry that is %s: the bytes are whole', async (_, faults) => {
  const left = [...faults]
  registry.fault = () => left.shift()
  expect(await read(await open())).toBe(LAYER)
  expect(left).toEqual([])
})

test.each<[string, Fault, string, number]>([
  ['another byte', { spoilAt: 200_000 }, 'image-damaged', 1],
  ['cut for ever at the same place', { cutAfter: 0 }, 'registry-unreachable', 5],
  ['busy for ever', { status: 502 }, 'registry-unreachable', 5],
  ['not for us', { status: 403 }, 'registry-refused', 1],
])('%s is %s %s', async (_, fault, code, times) => {
  registry.fault = () => fault
  await expect(open().then(read)).rejects.toMatchObject({ code })
  expect(asked(/blobs/)).toBe(times)
})

test('a manifest that is cut is asked for again, and in the end its registry is unreachable', async () => {
  const left: Fault[] = [{ cutAfter: 20 }, { status: 503 }, { cutAfter: 0 }]
  registry.fault = () => left.shift()
  const images = await open()
  const found = await images.manifest(at, '1')
  expect([found?.digest, left]).toEqual([digestOf(found!.bytes), []])
  registry.fault = () => ({ cutAfter: 20 })
  await expect(images.manifest(at, '1')).rejects.toMatchObject({ code: 'registry-unreachable' })
  expect(asked(/manifests/)).toBe(4 + 5)
})

test('a manifest with another byte, and nobody there at all', async () => {
  registry.fault = () => ({ spoilAt: 3 })
  const images = await open()
  const digest = [...registry.manifests.keys()][0]!.split('@')[1]!
  await expect(images.manifest(at, digest)).rejects.toMatchObject({ code: 'image-damaged' })
  await registry.close()
  await expect(images.manifest(at, '1')).rejects.toMatchObject({ code: 'registry-unreachable' })
  registry = await testRegistry()
})

test('a blob and a manifest are put where they are wanted', async () => {
  const images = await open()
  const to = { host: registry.host, path: 'mirror/app' }
  expect(await images.hasBlob(to, BLOB.digest)).toBe(false)
  await images.putBlob(to, BLOB, Readable.from([Buffer.from(LAYER)]))
  expect(await images.hasBlob(to, BLOB.digest)).toBe(true)
  const manifest = (await images.manifest(at, '1'))!
  await images.putManifest(to, '1', manifest)
  expect(await images.manifest(to, manifest.digest)).toEqual(manifest)
  const wrong = images.putBlob(to, { ...BLOB, digest: manifest.digest }, Readable.from([Buffer.from(LAYER)]))
  await expect(wrong).rejects.toMatchObject({
    code: 'registry-refused',
    message: expect.stringContaining('DIGEST_INVALID') as string,
  })
})

test('a registry that knows no such repository does not take what is put there', async () => {
  registry.fault = (path) => (path.includes('/mirror/') ? { status: 404 } : undefined)
  const images = await open()
  const to = { host: registry.host, path: 'mirror/app' }
  const manifest = (await images.manifest(at, '1'))!
  for (const put of [
    images.putBlob(to, BLOB, Readable.from([Buffer.from(LAYER)])),
    images.putManifest(to, '1', manifest),
  ])
    await expect(put).rejects.toMatchObject({ code: 'registry-refused' })
})

test('an authority of the company is trusted where it is named', async () => {
  await open({ ca: 'company' }, { 'company/ca.crt': 'PEM' })
  expect(trusted).toEqual(['PEM'])
})

test('a proxy is for the registries alone, tokens and pushes included, and is another than the environment names', async () => {
  const [own, others] = [await startProxy('127.0.0.1'), await startProxy('127.0.0.1')]
  registry.login = { user: 'writer', password: 's3cret' }
  const secrets = { 'pull/.dockerconfigjson': docker('writer', 's3cret') }
  const named = { https_proxy: others.url, HTTPS_PROXY: others.url, http_proxy: others.url, HTTP_PROXY: others.url }
  const images = await open({ logins: [LOGIN], proxy: own.url }, secrets, named)
  expect(await read(images)).toBe(LAYER)
  await images.putBlob({ ...at, path: 'to' }, BLOB, Readable.from([Buffer.from(LAYER)]))
  await expect(images.manifest(at, 'none')).resolves.toBeUndefined()
  expect(new Set(own.asked)).toEqual(new Set([registry.host]))
  expect(others.asked).toEqual([])
  // What asks for something else does not know of it, nor of who was there before.
  own.asked.length = 0
  await fetch(`http://${registry.host}/v2/`)
  await new Promise((resolve) => get(`http://${registry.host}/v2/`, resolve))
  expect(await read(await open({ logins: [LOGIN] }, secrets, named))).toBe(LAYER)
  expect(own.asked).toEqual([])
  expect(others.asked).toContain(registry.host)
  others.asked.length = 0
  expect(await read(await open({ logins: [LOGIN] }, secrets, { ...named, NO_PROXY: '127.0.0.1' }))).toBe(LAYER)
  expect(others.asked).toEqual([])
  for (const proxy of [own, others]) proxy.stop()
})

test('reading ends when it is told to', async () => {
  registry.fault = () => ({ cutAfter: 10 })
  const stop = new AbortController()
  const images = await open()
  const reading = images.blob(at, BLOB, stop.signal).then(buffer)
  stop.abort(new Error('enough'))
  await expect(reading).rejects.toThrow('enough')
})
