// pawl backup images, and what backup show says of a set that holds some.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { backupSetObject } from '../../../src/core/resources.ts'
import type { KubeObject } from '../../../src/ports/cluster.ts'
import {
  digestOf,
  putImage,
  testRegistry,
  type PutImage,
  type TestRegistry,
} from '../../../src/testing/image-registry.ts'
import { addSet, makeWorld, NAMESPACE, pawl, storeSetWithImages, type World } from './invoke.ts'

const OTHER = digestOf(Buffer.from('what other pods run'))

let world: World
let registry: TestRegistry
let image: string
let put: PutImage
let directory: string
beforeEach(async () => {
  world = await makeWorld()
  registry = await testRegistry()
  put = putImage(registry, 'team/app', ['a layer'], '1')
  image = `${registry.host}/team/app:1`
  directory = join(world.directory, 'images')
  await storeSetWithImages(world, 'kept', [{ image, others: [OTHER] }])
  const set = { name: 'kept', release: 'tally', namespace: NAMESPACE, set: `${NAMESPACE}/tally/kept` }
  world.cluster.seed(backupSetObject({ ...set, store: { type: 'directory', path: '/x' } }) as KubeObject)
})
afterEach(async () => {
  await registry.close()
  rmSync(world.directory, { recursive: true })
})

const reached = { namespace: NAMESPACE, dataImage: 'image', signal: new AbortController().signal }
const json = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>

test('to a directory: a layout, the command that goes on with it, and nothing new a second time', async () => {
  const command = ['backup', 'images', 'tally', 'kept', '--to', directory]
  const said = await pawl(world, command)
  expect(said.exitCode).toBe(0)
  expect(said.stdout).toContain(`skopeo copy oci:${directory}:${image} docker://`)
  const [, hex = ''] = put.digest.split(':')
  expect(digestOf(readFileSync(join(directory, 'blobs', 'sha256', hex)))).toBe(put.digest)
  expect(json((await pawl(world, [...command, '-o', 'json'])).stdout)).toEqual({
    set: 'kept',
    where: directory,
    images: [{ image, digest: put.digest, kept: put.digest, platforms: [], others: [OTHER], as: image }],
    made: 0,
    bytes: expect.any(Number) as number,
  })
})

test('to a registry, with the login that was named', async () => {
  registry.login = { user: 'pusher', password: 'canary-1' }
  const command = ['backup', 'images', 'tally', 'kept', '--to', `oci://${registry.host}/mirror/x`, '-o', 'json']
  const refused = await pawl(world, command)
  expect(refused.exitCode).toBe(77)
  const auths = { auths: { [registry.host]: { username: 'pusher', password: 'canary-1' } } }
  world.cluster.seed({
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/dockerconfigjson',
    metadata: { name: 'push-key', namespace: NAMESPACE },
    data: { '.dockerconfigjson': Buffer.from(JSON.stringify(auths)).toString('base64') },
  })
  const said = await pawl(world, [...command, '--registry-login', 'push-key'])
  expect(json(said.stdout)).toMatchObject({ images: [{ as: `${registry.host}/mirror/x/team/app:1` }], made: 2 })
  expect(digestOf(registry.manifests.get('mirror/x/team/app:1')!.bytes)).toBe(put.digest)
  expect(refused.stdout + refused.stderr + said.stdout + said.stderr).not.toContain('canary')
})

test('a lost cluster: the store and the key do, and the key stays here', async () => {
  const key = join(world.directory, 'key.txt')
  expect((await pawl(world, ['keys', 'export', 'tally', '--out', key])).exitCode).toBe(0)
  const copy = join(world.directory, 'store')
  const found = await world.doors.storedSets(world.cluster, { from: { type: 'directory', path: '/x' } }, reached)
  await found.copyTo({ to: { type: 'directory', path: copy }, set: `${NAMESPACE}/tally/kept`, report: () => undefined })
  world.cluster.list = () => Promise.reject(new Error('there is no cluster'))
  world.cluster.get = () => Promise.reject(new Error('there is no cluster'))
  const command = ['backup', 'images', 'tally', '--from', copy, '--to', directory]
  expect((await pawl(world, command)).stderr).toContain('--identity FILE')
  const said = await pawl(world, [...command, '--identity', key, '-o', 'json'])
  expect(json(said.stdout)).toMatchObject({ set: 'kept', images: [{ digest: put.digest }], made: 4 })
  const other = join(world.directory, 'other.txt')
  writeFileSync(other, (await world.doors.generateIdentity()).identity)
  expect((await pawl(world, [...command, '--identity', other])).exitCode).toBe(40)
  expect((await pawl(world, ['backup', 'images', 'tally', '--from', 'volume', '--to', directory])).exitCode).toBe(65)
})

test('show names the images, an exported set does, verify reads them', async () => {
  const out = join(world.directory, 'out')
  expect((await pawl(world, ['backup', 'export', 'tally', 'kept', '--to', out])).exitCode).toBe(0)
  expect(readFileSync(join(out, 'kept.README.md'), 'utf8')).toContain(`\`${image}\` (${put.digest})`)
  const seen = (await pawl(world, ['backup', 'show', 'tally', 'kept'])).stdout
  expect(seen).toMatch(new RegExp(`images +${image} .*${OTHER}`))
  const shown = json((await pawl(world, ['backup', 'show', 'tally', 'kept', '-o', 'json'])).stdout)
  expect(shown).toMatchObject({ stored: { images: [{ image, digest: put.digest }], problems: [], strangers: [] } })
  const name = [...world.store.objects.keys()].find((key) => key.includes('/images/blobs/'))!
  world.store.objects.set(name, Buffer.concat([world.store.objects.get(name)!.subarray(1), Buffer.from([0])]))
  expect((await pawl(world, ['backup', 'verify', 'tally', 'kept'])).exitCode).toBe(40)
})

test.each([
  [[], 64],
  [['--to', 'oci://'], 65],
  [['--to', 'oci://r.example/A'], 65],
  [['--to', 'oci://user:pw@r.example/a'], 65],
  [['--to', '/tmp/x', '--registry-ca', 'c'], 65],
  [['--to', 'oci://r.example', '--registry-login', 'nothing'], 65],
])('images %j is refused', async (options, exitCode) => {
  expect((await pawl(world, ['backup', 'images', 'tally', 'kept', ...options])).exitCode).toBe(exitCode)
})

test('a set without images says so, and create refuses platforms that are none', async () => {
  await addSet(world, 'one', '2026-10-01T00:00:00.000Z')
  const said = await pawl(world, ['backup', 'images', 'tally', 'one', '--to', directory, '-o', 'json'])
  expect(json(said.stdout)).toMatchObject({ error: { code: 'input-invalid' } })
  expect((await pawl(world, ['backup', 'create', 'tally', '--images', 'amd64'])).exitCode).toBe(65)
})
