// What may come instead of a package, from the bucket or the account: each ends in a right answer or one error with its code, and leaves
// nothing behind.
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { answerWith } from '../../support/google.ts'
import { objectName, packageTexts, packageZip } from '../../support/packages.ts'
import { zipOf, type ZipPart } from '../../support/zip.ts'
import { filesBelow, refused, startWorld, type World } from './world.ts'

let world: World
const name = objectName('k8s', '2026-7-16')
const folder = 'carto-selfhosted-k8s-customer-package-harbour-42-2026-7-16'
const HTML = '<!doctype html><title>Sign in to the guest network</title>'.padEnd(900, ' ')

beforeAll(async () => {
  world = await startWorld()
})
beforeEach(async () => await world.reset())
afterAll(async () => await world.stop())

function goodParts(): ZipPart[] {
  const texts = packageTexts('k8s', { version: '2026.7.16', key: world.newKey })
  return Object.entries(texts).map(([entry, text]) => ({ name: entry, bytes: Buffer.from(text), deflate: true }))
}

describe('what is in the bucket', () => {
  const patch = (index: number, change: Partial<ZipPart>) => (): Buffer =>
    zipOf(goodParts().map((entry, at) => (at === index ? { ...entry, ...change } : entry)))
  const more = (entry: ZipPart) => (): Buffer => zipOf([...goodParts(), entry])
  const x = Buffer.from('x')

  test.each<[string, () => Buffer]>([
    ['a name that climbs out (zip-slip)', patch(0, { name: '../carto-values.yaml' })],
    ['an absolute name', patch(0, { name: '/tmp/carto-values.yaml' })],
    ['a name with backslashes', patch(0, { name: '..\\carto-values.yaml' })],
    ['a name with a folder', patch(0, { name: 'sub/carto-values.yaml' })],
    ['a link', patch(1, { mode: 0o120777, bytes: Buffer.from('/etc/shadow'), deflate: false })],
    ['a device', patch(1, { mode: 0o060666 })],
    ['the same name twice', more({ name: 'carto-values.yaml', bytes: x })],
    ['another name with a folder', more({ name: 'docs/install.sh', bytes: x })],
    ['another name that climbs out', more({ name: '../install.sh', bytes: x })],
    ['another name that is a link', more({ name: 'install.sh', bytes: Buffer.from('/etc/shadow'), mode: 0o120777 })],
    ['another name twice', () => zipOf([...goodParts(), ...['a', 'a'].map((entry) => ({ name: entry, bytes: x }))])],
    ['another name that is a bomb', more({ name: 'a', bytes: Buffer.alloc(17 * 2 ** 20), deflate: true })],
    ['a folder with something in it', more({ name: 'docs/', bytes: x, mode: 0o040755 })],
    ['a folder that is a file', more({ name: 'docs/', bytes: Buffer.alloc(0) })],
    ['a file that is missing', () => zipOf(goodParts().slice(0, 1))],
    ['an encrypted file', patch(0, { encrypted: true })],
    ['a checksum that is wrong', patch(1, { claims: { crc: 1 } })],
    ['a size that is wrong', patch(0, { claims: { size: 5 } })],
    ['a bomb', patch(0, { bytes: Buffer.alloc(17 * 2 ** 20) })],
    ['a bomb that calls itself small', patch(0, { bytes: Buffer.alloc(17 * 2 ** 20), claims: { size: 100 } })],
    ['a thousand names', () => zipOf(Array.from({ length: 1000 }, (_, at) => ({ name: `f${at}`, bytes: x })))],
    ['a zip that was cut', () => packageZip('k8s', { version: '2026.7.16', key: world.newKey }).subarray(0, 700)],
    ['no bytes', () => Buffer.alloc(0)],
    ['a web page', () => Buffer.from(HTML)],
  ])('%s is refused as damaged', async (_what, zip) => {
    await world.put(name, zip())
    await refused(world, 'package-damaged', await world.installed('k8s'))
  })

  test('what is there beside the files of a package is named and not unpacked', async () => {
    const readme: ZipPart = { name: 'README.txt', bytes: Buffer.from('canary') }
    const docs: ZipPart = { name: 'docs/', bytes: Buffer.alloc(0), mode: 0o040755 }
    await world.put(name, zipOf([readme, docs, ...goodParts()]))
    const directory = await world.installed('k8s')
    const { exitCode, json } = await world.pawl(['download', '-d', directory])
    expect([exitCode, json['warnings']]).toEqual([
      0,
      [expect.stringContaining('README.txt'), expect.stringContaining('docs/')],
    ])
    const there = [`${folder}.zip`, 'carto-secrets.yaml', 'carto-values.yaml'].toSorted()
    expect(await filesBelow(join(directory, folder))).toEqual(there)
  })

  test.each([
    ['of another tenant', { tenant: 'onp-harbour-43' }, 'tenant'],
    ['with another encryption key', { encryptionKey: 'canary-other-77' }, 'encryptionSecretKey'],
    ['that names no version', { version: '' }, 'no version'],
    ['that is older inside than outside', { version: '2026.3.1' }, '2026.3.1'],
  ])('a package %s is refused', async (_what, options, why) => {
    await world.offer('k8s', ['2026-7-16'], options)
    const { exitCode, json, stdout } = await refused(world, 'package-refused', await world.installed('k8s'))
    expect([exitCode, json['error']?.['message']]).toEqual([20, expect.stringContaining(why)])
    expect(stdout).not.toMatch(/canary-(other|encryption)/)
  })

  test('values that are no YAML are refused', async () => {
    const broken = zipOf([{ name: 'carto-values.yaml', bytes: Buffer.from('a: [') }, ...goodParts().slice(1)])
    await world.put(name, broken)
    await refused(world, 'input-invalid', await world.installed('k8s'))
  })

  test('two packages of one version are told, and one is taken where it is spelt as it is listed', async () => {
    await world.offer('k8s', ['2026-7-16', '2026-07-16'])
    const directory = await world.installed('k8s')
    const { json } = await refused(world, 'package-ambiguous', directory)
    expect(json).toMatchObject({ error: { facts: { versions: ['2026.07.16', '2026.7.16'] } } })
    const listed = await world.pawl(['list', '-d', directory])
    expect(listed.json).toMatchObject({ packages: [{ newest: false }, { newest: false }] })
    const chosen = await world.pawl(['download', '-d', directory, '--version', '2026.07.16'])
    expect(chosen.json).toMatchObject({ package: { name: objectName('k8s', '2026-07-16') } })
  })
})

describe('the installed files', () => {
  test.each(['$(touch PROOF)', '`touch PROOF`', '${HOME}', '../../other', 'a/b', '', '"x y"'])(
    'a tenant %s in customer.env can be no part of a name, and is not run',
    async (tenant) => {
      const directory = await world.installed('docker', {
        tenant: tenant.replace('PROOF', join(tmpdir(), 'pawl-proof')),
      })
      await refused(world, 'input-invalid', directory, ['-s', 'docker'])
      await expect(stat(join(tmpdir(), 'pawl-proof'))).rejects.toThrow('ENOENT')
      expect(world.google.requests).toEqual([])
    },
  )

  test.each([
    ['no JSON', 'x'],
    ['null', 'null'],
    ['no key at all', '{}'],
    ['a token endpoint that would hear it in the clear', 'http'],
    ['a private key that is none', 'pem'],
  ])('an account key that is %s is refused before anything is asked', async (what, text) => {
    const key = JSON.parse(world.key) as Record<string, unknown>
    if (text === 'http') key['token_uri'] = 'http://198.51.100.7/token'
    if (text === 'pem') key['private_key'] = 'MIIE'
    const directory = await world.installed('k8s', {
      key: what.startsWith('no ') || text === 'null' ? text : JSON.stringify(key),
    })
    await refused(world, 'input-invalid', directory)
    expect(world.google.requests).toEqual([])
  })

  test('a missing directory, a missing file and a file that is a directory are named', async () => {
    await world.offer('k8s', ['2026-7-16'])
    const directory = await world.installed('k8s')
    const gone = await world.pawl(['download', '-d', join(directory, 'gone')])
    expect([gone.exitCode, gone.json['error']?.['code']]).toEqual([65, 'input-invalid'])
    await rm(join(directory, 'carto-secrets.yaml'))
    await refused(world, 'input-invalid', directory)
    await mkdir(join(directory, 'carto-secrets.yaml'))
    await refused(world, 'input-invalid', directory)
  })
})

describe('the account', () => {
  test('a key that was revoked is told from a clock that is wrong', async () => {
    await world.offer('k8s', ['2026-7-16'])
    const key = world.google.account('gone@test.iam.gserviceaccount.com').json
    world.google.revoke('gone@test.iam.gserviceaccount.com')
    const revoked = await refused(world, 'package-access', await world.installed('k8s', { key }))
    expect([revoked.exitCode, revoked.json]).toMatchObject([77, { error: { facts: { reason: 'key' } } }])
    world.google.clockAheadMs = 3_600_000
    const late = await refused(world, 'package-access', await world.installed('k8s'))
    expect(late.json).toMatchObject({ error: { facts: { reason: 'clock' }, hint: expect.stringContaining('clock') } })
  })

  test.each([401, 403])('HTTP %i for the list is package-access', async (status) => {
    world.google.fail('list', answerWith(status, '{"error":{"message":"no"}}'))
    await refused(world, 'package-access', await world.installed('k8s'))
  })

  test('403 for the package itself is package-access', async () => {
    await world.offer('k8s', ['2026-7-16'])
    world.google.fail('media', answerWith(403, '{"error":{"message":"no"}}'))
    await refused(world, 'package-access', await world.installed('k8s'))
  })

  test('a project without a bucket: no such tenant', async () => {
    const directory = await world.installed('k8s')
    const values = await readFile(join(directory, 'carto-values.yaml'), 'utf8')
    await writeFile(join(directory, 'carto-values.yaml'), values.replace('carto-tnt-harbour-42', 'carto-tnt-nobody-1'))
    const { json } = await refused(world, 'package-access', directory)
    expect(json).toMatchObject({ error: { facts: { status: 404 } } })
  })
})
