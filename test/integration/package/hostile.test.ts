// What may come instead of a package, or come between: each ends in a right answer or one error with its code, and leaves nothing behind.
import { createServer } from 'node:http'
import { mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { gcsPackages } from '../../../src/adapters/package-gcs/packages.ts'
import { systemClock } from '../../../src/adapters/world/clock.ts'
import type { Doors } from '../../../src/apps/cli/session.ts'
import { childProcesses } from '../../../src/adapters/process/processes.ts'
import { answerWith, changedBy, cutAt } from '../../support/google.ts'
import { objectName, packageTexts, packageZip, upload } from '../../support/packages.ts'
import { zipOf, type ZipPart } from '../../support/zip.ts'
import { filesBelow, startWorld, type CliResult, type World } from './world.ts'

let world: World
const name = objectName('k8s', '2026-7-16')
const folder = 'carto-selfhosted-k8s-customer-package-harbour-42-2026-7-16'
const part = join(folder, `.${folder}.zip.part`)
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

/** Expects one error with this code, and a directory that is as it was before. */
async function refused(code: string, directory: string, args: readonly string[] = []): Promise<CliResult> {
  const before = await filesBelow(directory)
  const result = await world.pawl(['download', '-d', directory, ...args])
  expect(result.json).toMatchObject({
    type: 'error',
    error: { code, unchanged: expect.stringMatching(/^Nothing was/) },
  })
  expect(result.exitCode).toBeGreaterThan(0)
  expect(await filesBelow(directory)).toEqual(before)
  return result
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
    await refused('package-damaged', await world.installed('k8s'))
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
    const { exitCode, json, stdout } = await refused('package-refused', await world.installed('k8s'))
    expect([exitCode, json['error']?.['message']]).toEqual([20, expect.stringContaining(why)])
    expect(stdout).not.toMatch(/canary-(other|encryption)/)
  })

  test('values that are no YAML are refused', async () => {
    const broken = zipOf([{ name: 'carto-values.yaml', bytes: Buffer.from('a: [') }, ...goodParts().slice(1)])
    await world.put(name, broken)
    await refused('input-invalid', await world.installed('k8s'))
  })

  test('two packages of one version are told, and one is taken where it is spelt as it is listed', async () => {
    await world.offer('k8s', ['2026-7-16', '2026-07-16'])
    const directory = await world.installed('k8s')
    const { json } = await refused('package-ambiguous', directory)
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
      await refused('input-invalid', directory, ['-s', 'docker'])
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
    await refused('input-invalid', directory)
    expect(world.google.requests).toEqual([])
  })

  test('a missing directory, a missing file and a file that is a directory are named', async () => {
    await world.offer('k8s', ['2026-7-16'])
    const directory = await world.installed('k8s')
    const gone = await world.pawl(['download', '-d', join(directory, 'gone')])
    expect([gone.exitCode, gone.json['error']?.['code']]).toEqual([65, 'input-invalid'])
    await rm(join(directory, 'carto-secrets.yaml'))
    await refused('input-invalid', directory)
    await mkdir(join(directory, 'carto-secrets.yaml'))
    await refused('input-invalid', directory)
  })
})

describe('the account', () => {
  test('a key that was revoked is told from a clock that is wrong', async () => {
    await world.offer('k8s', ['2026-7-16'])
    const key = world.google.account('gone@test.iam.gserviceaccount.com').json
    world.google.revoke('gone@test.iam.gserviceaccount.com')
    const revoked = await refused('package-access', await world.installed('k8s', { key }))
    expect([revoked.exitCode, revoked.json]).toMatchObject([77, { error: { facts: { reason: 'key' } } }])
    world.google.clockAheadMs = 3_600_000
    const late = await refused('package-access', await world.installed('k8s'))
    expect(late.json).toMatchObject({ error: { facts: { reason: 'clock' }, hint: expect.stringContaining('clock') } })
  })

  test.each([401, 403])('HTTP %i for the list is package-access', async (status) => {
    world.google.fail('list', answerWith(status, '{"error":{"message":"no"}}'))
    await refused('package-access', await world.installed('k8s'))
  })

  test('403 for the package itself is package-access', async () => {
    await world.offer('k8s', ['2026-7-16'])
    world.google.fail('media', answerWith(403, '{"error":{"message":"no"}}'))
    await refused('package-access', await world.installed('k8s'))
  })

  test('a project without a bucket: no such tenant', async () => {
    const directory = await world.installed('k8s')
    const values = await readFile(join(directory, 'carto-values.yaml'), 'utf8')
    await writeFile(join(directory, 'carto-values.yaml'), values.replace('carto-tnt-harbour-42', 'carto-tnt-nobody-1'))
    const { json } = await refused('package-access', directory)
    expect(json).toMatchObject({ error: { facts: { status: 404 } } })
  })
})

describe('the way', () => {
  test('429 with Retry-After is waited for, as long as it says; for ever it is not', async () => {
    await world.offer('k8s', ['2026-7-16'])
    const busy = answerWith(429, '{}', { 'retry-after': '7' })
    world.google.fail('list', busy)
    const { exitCode, waitedMs } = await world.pawl(['download', '-d', await world.installed('k8s')])
    expect([exitCode, waitedMs]).toEqual([0, [7000]])
    world.google.fail('list', answerWith(429, '{}', { 'retry-after': '7200' }))
    const never = await refused('package-unreachable', await world.installed('k8s'))
    expect(never).toMatchObject({ exitCode: 69, waitedMs: [] })
  })

  test.each([500, 503])('HTTP %i once is asked again', async (status) => {
    await world.offer('k8s', ['2026-7-16'])
    world.google.fail('list', answerWith(status, 'oh'))
    world.google.fail('media', answerWith(status, 'oh'))
    expect((await world.pawl(['download', '-d', await world.installed('k8s')])).exitCode).toBe(0)
  })

  test.each(['token', 'list', 'media'] as const)('a sign-in page instead of the %s is no store', async (kind) => {
    await world.offer('k8s', ['2026-7-16'])
    const page = answerWith(200, HTML, { 'content-type': 'text/html' })
    world.google.fail(kind, page, page, page, page, page, page)
    await refused('package-unreachable', await world.installed('k8s'))
  })

  test('a connection cut at 60 % goes on from there, once', async () => {
    await world.offer('k8s', ['2026-7-16'])
    world.google.fail('media', cutAt(0.6))
    const directory = await world.installed('k8s')
    expect((await world.pawl(['download', '-d', directory])).exitCode).toBe(0)
    const media = world.google.requests.filter((line) => line.includes('harbour-42-2026-7-16'))
    expect(media).toEqual([expect.not.stringContaining('bytes='), expect.stringMatching(/ bytes=\d{2,}-$/)])
  })

  test('a connection that goes silent is not waited for', async () => {
    await world.offer('k8s', ['2026-7-16'])
    world.google.fail('media', async (_request, response, pass) => {
      const { status, headers, body } = await pass()
      response.writeHead(status, { ...headers, 'content-length': body.length }).write(body.subarray(0, 100))
    })
    const packages: Doors['packages'] = (account, { project }, bucket) =>
      Promise.resolve(
        gcsPackages({ account, project, bucket, clock: systemClock(), endpoint: world.google.endpoint, idleMs: 100 }),
      )
    expect((await world.pawl(['download', '-d', await world.installed('k8s')], { packages })).exitCode).toBe(0)
    expect(world.google.requests.at(-1)).toContain(' bytes=100-')
  })

  test('a download that is cut again and again is gone on with by the next command', async () => {
    await world.offer('k8s', ['2026-7-16'])
    const directory = await world.installed('k8s')
    world.google.fail('media', cutAt(0.6), cutAt(0), cutAt(0), cutAt(0), cutAt(0))
    const cut = await world.pawl(['download', '-d', directory])
    expect([cut.exitCode, cut.json['error']?.['code']]).toEqual([69, 'package-unreachable'])
    expect((await stat(join(directory, part))).mode & 0o777).toBe(0o600)
    expect((await stat(join(directory, folder))).mode & 0o777).toBe(0o700)
    const there = (await stat(join(directory, part))).size
    world.google.requests.length = 0
    expect((await world.pawl(['download', '-d', directory])).exitCode).toBe(0)
    expect(world.google.requests.at(-1)).toContain(` bytes=${there}-`)
    expect(await readdir(join(directory, folder))).toHaveLength(3)
  })

  test('what is there of an older generation is not gone on with', async () => {
    await world.offer('k8s', ['2026-7-16'])
    const directory = await world.installed('k8s')
    world.google.fail('media', cutAt(0.6), cutAt(0), cutAt(0), cutAt(0), cutAt(0))
    await world.pawl(['download', '-d', directory])
    await world.offer('k8s', ['2026-7-16'], { key: world.key })
    world.google.requests.length = 0
    expect((await world.pawl(['download', '-d', directory])).exitCode).toBe(0)
    expect(world.google.requests.at(-1)).not.toContain('bytes=')
    expect(await readFile(join(directory, folder, 'carto-secrets.yaml'), 'utf8')).toContain('harbour@test')
  })

  test('what is there but was changed meanwhile is thrown away, and the next command is right', async () => {
    await world.offer('k8s', ['2026-7-16'])
    const directory = await world.installed('k8s')
    world.google.fail('media', cutAt(0.6), cutAt(0), cutAt(0), cutAt(0), cutAt(0))
    await world.pawl(['download', '-d', directory])
    const there = await readFile(join(directory, part))
    await writeFile(join(directory, part), there.fill(0, 10, 20))
    expect((await world.pawl(['download', '-d', directory])).json['error']).toMatchObject({ code: 'package-damaged' })
    expect(await filesBelow(directory)).toEqual(['carto-secrets.yaml', 'carto-values.yaml'])
    expect((await world.pawl(['download', '-d', directory])).exitCode).toBe(0)
  })

  test('a link in the place of what is there is not followed', async () => {
    await world.offer('k8s', ['2026-7-16'])
    const directory = await world.installed('k8s')
    await mkdir(join(directory, folder))
    await writeFile(join(directory, 'mine'), 'mine')
    await symlink(join(directory, 'mine'), join(directory, part))
    await symlink(join(directory, 'mine'), join(directory, folder, 'carto-values.yaml'))
    await world.pawl(['download', '-d', directory])
    expect(await readFile(join(directory, 'mine'), 'utf8')).toBe('mine')
  })

  test('a package that is replaced between the list and the download is package-changed', async () => {
    await world.offer('k8s', ['2026-7-16'])
    world.google.fail('list', async (_request, response, pass) => {
      const answer = await pass()
      await upload(world.google.store, name, packageZip('k8s', { version: '2026.7.16', key: world.key }))
      response.writeHead(answer.status, answer.headers).end(answer.body)
    })
    await refused('package-changed', await world.installed('k8s'))
  })

  test.each([
    ['another byte', (body: Buffer) => Buffer.from(body).fill(0, 40, 44)],
    ['more bytes', (body: Buffer) => Buffer.concat([body, Buffer.from('more')])],
  ])('%s than the store has is package-damaged', async (_what, change) => {
    await world.offer('k8s', ['2026-7-16'])
    world.google.fail(
      'media',
      changedBy((answer) => ({ ...answer, body: change(answer.body) })),
    )
    await refused('package-damaged', await world.installed('k8s'))
  })

  test('nobody answers', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    const key = JSON.stringify({ ...(JSON.parse(world.key) as object), token_uri: `http://127.0.0.1:${port}/token` })
    await refused('package-unreachable', await world.installed('k8s', { key }))
  })
})

describe('the place', () => {
  const processes = childProcesses()
  async function mounted<T>(options: string, use: (directory: string) => Promise<T>): Promise<T> {
    const directory = await mkdtemp(join(tmpdir(), 'pawl-test-place-'))
    const mount = await processes.run({
      program: 'mount',
      args: ['-t', 'tmpfs', '-o', options, 'pawl-test', directory],
    })
    if (mount.exitCode !== 0) throw new Error(mount.stderr)
    try {
      return await use(directory)
    } finally {
      await processes.run({ program: 'umount', args: [directory] })
      await rm(directory, { recursive: true })
    }
  }

  test('a disk that is full before or half-way: nothing is left on it, and what was there is as it was', async () => {
    await world.offer('k8s', ['2026-7-16'])
    const directory = await world.installed('k8s')
    // Pages of 4 KiB: one for the download and one for its note, none for what is to be put in place.
    for (const blocks of [1, 2, 3]) {
      await mounted(`size=${blocks * 4}k,mode=700`, async (full) => {
        await writeFile(join(full, 'carto-values.yaml'), 'old')
        const { exitCode, json } = await world.pawl(['download', '-d', directory, '--to', full])
        expect([exitCode, json['error']]).toMatchObject([
          73,
          { code: 'output-unwritable', facts: { reason: 'ENOSPC' } },
        ])
        expect(await filesBelow(full)).toEqual(['carto-values.yaml'])
        expect(await readFile(join(full, 'carto-values.yaml'), 'utf8')).toBe('old')
      })
    }
  })

  test('a directory that may only be read', async () => {
    await world.offer('k8s', ['2026-7-16'])
    const directory = await world.installed('k8s')
    await mounted('ro,size=1m', async (readOnly) => {
      const { exitCode, json } = await world.pawl(['download', '-d', directory, '--to', join(readOnly, 'new')])
      expect([exitCode, json['error']]).toMatchObject([73, { code: 'output-unwritable', facts: { reason: 'EROFS' } }])
    })
  })

  test('a file where the directory should be, and a directory where a file should be', async () => {
    await world.offer('k8s', ['2026-7-16'])
    const directory = await world.installed('k8s')
    await writeFile(join(directory, 'taken'), '')
    await refused('output-unwritable', directory, ['--to', join(directory, 'taken')])
    await mkdir(join(directory, 'to', 'carto-values.yaml'), { recursive: true })
    await refused('output-unwritable', directory, ['--to', join(directory, 'to')])
  })

  test('a dry run checks everything and puts nothing in place', async () => {
    await world.offer('k8s', ['2026-7-16'])
    const directory = await world.installed('k8s')
    const { exitCode, json } = await world.pawl(['download', '-d', directory, '--dry-run'])
    expect([exitCode, json]).toMatchObject([0, { dryRun: true, files: [], package: { version: '2026.7.16' } }])
    expect(await filesBelow(directory)).toEqual(['carto-secrets.yaml', 'carto-values.yaml'])
  })

  test('the zip alone, where it is asked for', async () => {
    await world.offer('k8s', ['2026-7-16'])
    const directory = await world.installed('k8s')
    const { json } = await world.pawl(['download', '-d', directory, '--zip-only', '--to', join(directory, 'zip')])
    expect(json).toMatchObject({ files: [{ name: `${folder}.zip`, outcome: 'written' }] })
    expect(await readdir(join(directory, 'zip'))).toEqual([`${folder}.zip`])
  })
})
