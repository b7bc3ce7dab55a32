// What may come between a package and its directory, on the way and in the place: each ends in a right answer or one error with its code, and
// leaves nothing behind.
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
import { objectName, packageZip, upload } from '../../support/packages.ts'
import { filesBelow, refused, startWorld, type World } from './world.ts'

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

describe('the way', () => {
  test('429 with Retry-After is waited for, as long as it says; for ever it is not', async () => {
    await world.offer('k8s', ['2026-7-16'])
    const busy = answerWith(429, '{}', { 'retry-after': '7' })
    world.google.fail('list', busy)
    const { exitCode, waitedMs } = await world.pawl(['download', '-d', await world.installed('k8s')])
    expect([exitCode, waitedMs]).toEqual([0, [7000]])
    world.google.fail('list', answerWith(429, '{}', { 'retry-after': '7200' }))
    const never = await refused(world, 'package-unreachable', await world.installed('k8s'))
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
    await refused(world, 'package-unreachable', await world.installed('k8s'))
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
    await refused(world, 'package-changed', await world.installed('k8s'))
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
    await refused(world, 'package-damaged', await world.installed('k8s'))
  })

  test('nobody answers', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    const key = JSON.stringify({ ...(JSON.parse(world.key) as object), token_uri: `http://127.0.0.1:${port}/token` })
    await refused(world, 'package-unreachable', await world.installed('k8s', { key }))
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
    await refused(world, 'output-unwritable', directory, ['--to', join(directory, 'taken')])
    await mkdir(join(directory, 'to', 'carto-values.yaml'), { recursive: true })
    await refused(world, 'output-unwritable', directory, ['--to', join(directory, 'to')])
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
