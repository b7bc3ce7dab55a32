import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { workDirs } from './workdirs.ts'

let root: string
beforeAll(async () => void (root = await mkdtemp(join(tmpdir(), 'pawl-workdirs-'))))
afterAll(async () => await rm(root, { recursive: true, force: true }))

test('a private directory with files in it, gone when it is disposed', async () => {
  const work = await workDirs(root, 'here').make()
  expect((await stat(work.path)).mode & 0o777).toBe(0o700)
  await work.write('a/b/c', Readable.from([Buffer.from('one '), Buffer.from('two')]))
  await work.write('a/d', Buffer.from('x'))
  expect((await stat(work.at('a/b/c'))).mode & 0o777).toBe(0o600)
  expect(await work.files('a')).toEqual([
    { name: 'a/b/c', sizeBytes: 7 },
    { name: 'a/d', sizeBytes: 1 },
  ])
  expect((await buffer(work.read('a/b/c'))).toString()).toBe('one two')
  await work.extend('a/d', Buffer.from('y'), 4)
  expect((await buffer(work.read('a/d'))).toString()).toBe('xy\0\0')
  await work.remove('a')
  expect(await work.files('a')).toEqual([])
  await work.dispose()
  await work.dispose()
  expect(await readdir(root)).toEqual([])
})

test.each(['make', 'sweep'] as const)(
  'what a killed process left is removed, what a living one or another machine has is not (%s)',
  async (how) => {
    await rm(root, { recursive: true })
    await mkdir(root)
    const living = await workDirs(root, 'here').make()
    const ofTheDead = (begun: string): string => basename(begun).replace(/-\d+-[^-]*$/, '-4194000-abc')
    const elsewhere = ofTheDead(workDirs(root, 'there').beginning('work'))
    const names = [
      ofTheDead(living.path),
      elsewhere,
      'something-else',
      ofTheDead(workDirs(root, 'here').beginning('scratch')),
    ]
    for (const name of names) await mkdir(join(root, name))
    await writeFile(join(root, names[0] ?? '', 'plain'), 'left behind')
    const next = await workDirs(root, 'here')[how]()
    const left = await readdir(root)
    expect(left).not.toContain(names[0])
    expect(left).not.toContain(names[3])
    const made = next === undefined ? [] : [basename(next.path)]
    for (const kept of [names[1], names[2], basename(living.path), ...made]) expect(left).toContain(kept)
  },
)

test('a source that breaks is thrown as it is; a missing parent is said in words', async () => {
  const work = await workDirs(root, 'here').make()
  function* broken() {
    yield Buffer.from('x')
    throw new Error('source gone')
  }
  await expect(work.write('x', Readable.from(broken()))).rejects.toThrow('source gone')
  await expect(workDirs(join(root, 'nowhere')).make()).rejects.toMatchObject({ code: 'backup-failed' })
})

test('what may be written is what there is room for, and no more than a container may write', async () => {
  const free = await (await workDirs(root, 'here').make()).freeBytes()
  expect(free).toBeGreaterThan(1_000_000)
  expect(await (await workDirs(root, 'here', 1_000_000).make()).freeBytes()).toBe(1_000_000)
})
