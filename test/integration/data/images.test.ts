// The images of a release through a set and out again, with a real registry and its own tool on both sides.
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { childProcesses } from '../../../src/adapters/process/processes.ts'
import { fileStore } from '../../../src/adapters/store/file/store.ts'
import type { WantedImages } from '../../../src/core/data/images.ts'
import type { TaskOf } from '../../../src/core/data/tasks.ts'
import type { DataDeps } from '../../../src/data/deps.ts'
import { runDataTask } from '../../../src/data/run.ts'
import { run } from '../../../examples/tally/build/run.ts'
import { startCrane, type Crane } from '../../support/crane.ts'
import { startPostgres, type TestServer } from '../../support/postgres.ts'
import { makeHostile } from './hostile.ts'
import { makeWorld, type World } from './world.ts'

const SET = 'ns/r/images'
const PLATFORMS = ['linux/amd64', 'linux/arm64']

let server: TestServer
let world: World
let deps: DataDeps
let crane: Crane
let root: string
let out: string
/** By name; `base` is a layer that both images have. */
let digests: { api: string; web: string; amd64: string; base: string }

beforeAll(async () => {
  // buildah takes the directory's name for that of the image, and wants it in lower case.
  root = join(tmpdir(), `pawl-test-images-${randomBytes(6).toString('hex')}`)
  await mkdir(root)
  out = join(root, 'out')
  ;[server, crane] = await Promise.all([startPostgres(), startCrane()])
  await makeHostile(server)
  world = await makeWorld(server)
  deps = {
    ...world.deps,
    openStore: async (_spec, as) => fileStore({ path: as === 'to' ? out : world.storePath, create: true }),
  }
  digests = await makeImages()
})

afterAll(async () => {
  crane.stop()
  await world.dispose()
  await server.stop()
  await rm(root, { recursive: true })
})

/** `team/api:1`, and `team/web:1` for two platforms. */
async function makeImages(): Promise<typeof digests> {
  const layer = async (name: string, size: number): Promise<string> => {
    await writeFile(join(root, name), randomBytes(size))
    await run('tar', ['-C', root, '-cf', join(root, `${name}.tar`), name])
    return join(root, `${name}.tar`)
  }
  const [base, api, web] = [await layer('base', 3 << 20), await layer('api', 100), await layer('web', 100)]
  const at = (name: string): string => `${crane.host}/team/${name}`
  await crane.crane('append', '--new_layer', base, '--new_layer', api, '--new_tag', at('api:1'))
  for (const platform of PLATFORMS) {
    const tag = at(`web:${platform.replace('/', '-')}`)
    await crane.crane('append', '--new_layer', base, '--new_layer', web, '--new_tag', tag)
    await crane.crane('mutate', '--set-platform', platform, '--tag', tag, tag)
  }
  const both = PLATFORMS.flatMap((platform) => ['-m', at(`web:${platform.replace('/', '-')}`)])
  await crane.crane('index', 'append', ...both, '-t', at('web:1'))
  const manifest = JSON.parse(await crane.crane('manifest', at('api:1'))) as { layers: { digest: string }[] }
  return {
    api: await crane.crane('digest', at('api:1')),
    web: await crane.crane('digest', at('web:1')),
    amd64: await crane.crane('digest', at('web:linux-amd64')),
    base: manifest.layers[0]?.digest ?? '',
  }
}

function backup(set: string, platforms: WantedImages['platforms'], host = crane.host): TaskOf<'backup'> {
  const of = (['api', 'web'] as const).map((name) => {
    const image = `${host}/team/${name}`
    return { image: `${image}:1`, digest: `${image}@${digests[name]}` }
  })
  const images = { of, platforms, reach: { logins: [] } }
  return world.backupTask(set, { databases: world.databases.slice(1), images })
}

const inSet = (set: string) => {
  const { store, identity } = world.proveTask(set)
  return { store, identity, set }
}

test('a set with images is proven, and gives them back as they were: to a directory, and to a registry', async () => {
  await runDataTask<'backup'>(backup(SET, 'all'), deps)
  expect(await runDataTask<'prove'>(world.proveTask(SET), deps)).toMatchObject({ rung: 'proven' })
  const whole = await runDataTask<'inspect'>({ kind: 'inspect', read: 'everything', ...only(SET) }, deps)
  expect(whole).toMatchObject({
    problems: [],
    strangers: [],
    images: [
      { digest: digests.api, platforms: [] },
      { digest: digests.web, platforms: PLATFORMS },
    ],
  })

  await runDataTask<'take-images'>({ kind: 'take-images', to: inSet(SET).store, ...inSet(SET) }, deps)
  const blobs = await readdir(join(out, 'blobs', 'sha256'))
  for (const name of blobs)
    expect(
      createHash('sha256')
        .update(await readFile(join(out, 'blobs', 'sha256', name)))
        .digest('hex'),
    ).toBe(name)
  expect(blobs).toEqual(expect.arrayContaining(Object.values(digests).map((digest) => digest.replace('sha256:', ''))))
  // Another's tool reads the directory, and finds everything that its index leads to.
  await crane.crane('push', '--index', out, `${crane.host}/by-crane:1`)
  await crane.crane('validate', '--remote', `${crane.host}/by-crane:1`)

  const registry = { host: crane.host, path: 'mirror' }
  await runDataTask<'push-images'>({ kind: 'push-images', registry, reach: { logins: [] }, ...inSet(SET) }, deps)
  expect(await crane.crane('digest', `${crane.host}/mirror/team/api:1`)).toBe(digests.api)
  expect(await crane.crane('digest', `${crane.host}/mirror/team/web:1`)).toBe(digests.web)
  await crane.crane('validate', '--remote', `${crane.host}/mirror/team/web:1`)
})

test('by hand, by following the guide: another tool reads the same images', async () => {
  const guide = await readFile(join(import.meta.dirname, '../../../docs/guide/restore-by-hand.md'), 'utf8')
  const script = /^```bash\n(.*?)^```$/ms.exec(guide)?.[1] ?? 'false'
  const [images, key] = [join(root, 'by-hand'), join(root, 'key')]
  await writeFile(key, world.identity)
  const env = { SET: join(world.storePath, SET), KEY: key, IMAGES: images, PATH: process.env['PATH'] ?? '' }
  const ended = await childProcesses().run({ program: 'bash', args: ['-euo', 'pipefail', '-c', script], env })
  expect(ended).toMatchObject({ exitCode: 0, stderr: '', stdout: '' })
  // `oci:DIRECTORY:NAME` as skopeo, podman and buildah have it.
  const own = ['--root', join(root, 'storage'), '--runroot', join(root, 'run'), '--storage-driver', 'vfs']
  await run('buildah', [...own, 'pull', '--quiet', `oci:${images}:${crane.host}/team/api:1`])
  await run('buildah', [...own, 'rmi', '--all', '--force'])
})

test('of one platform, only that is kept, and its digest is the one that runs there', async () => {
  const set = `${SET}-amd64`
  await runDataTask<'backup'>(backup(set, ['linux/amd64']), deps)
  const registry = { host: crane.host, path: 'amd64' }
  const pushed = await runDataTask<'push-images'>(
    { kind: 'push-images', registry, reach: { logins: [] }, ...inSet(set) },
    deps,
  )
  expect(pushed.images.map(({ digest }) => digest)).toEqual([digests.api, digests.web])
  expect(await crane.crane('digest', `${crane.host}/amd64/team/web:1`)).toBe(digests.amd64)
})

test('one wrong byte in a blob of the registry: no set, and the image is named', async () => {
  const wrong = await spoiled(digests.base)
  const set = `${SET}-damaged`
  const task = runDataTask<'backup'>(backup(set, 'all', wrong.host), deps)
  await expect(task).rejects.toMatchObject({
    code: 'image-damaged',
    facts: { image: `${wrong.host}/team/api:1`, expected: digests.base },
  })
  expect(await readdir(join(world.storePath, set))).not.toContain('manifest.json')
  wrong.close()
  expect(await world.leftovers()).toEqual([])
})

/** The same registry, but for one byte of one blob. */
async function spoiled(digest: string): Promise<{ host: string; close: () => void }> {
  const proxy = createServer(({ url = '/', headers }, response) => void answer(url, headers.accept ?? '*/*', response))
  const answer = async (url: string, accept: string, response: ServerResponse): Promise<void> => {
    const real = await fetch(`http://${crane.host}${url}`, { headers: { accept } })
    const bytes = Buffer.from(await real.arrayBuffer())
    if (url.endsWith(digest)) bytes[bytes.length >> 1]! ^= 1
    response.writeHead(real.status, { 'content-type': real.headers.get('content-type') ?? '' }).end(bytes)
  }
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  return {
    host: `127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    close: () => proxy.close().closeAllConnections(),
  }
}

function only(set: string): Pick<TaskOf<'inspect'>, 'store' | 'set'> {
  return { store: world.proveTask(set).store, set }
}
