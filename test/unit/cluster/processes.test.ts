// Process identity, records and locks: what `down` trusts when it ends a process.
import { spawn } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { layoutOf } from '../../cluster/layout.ts'
import type { Layout } from '../../cluster/layout.ts'
import { withLock } from '../../cluster/lock.ts'
import { endProcess, ensureProcess, hashSpec, readRecords } from '../../cluster/processes.ts'
import { identifyProcess, isSameProcess, parseStat } from '../../cluster/procfs.ts'

let directory: string
let layout: Layout

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pawl-cluster-'))
  layout = {
    ...layoutOf({ PAWL_CACHE_DIR: directory }),
    state: directory,
    logs: join(directory, 'log'),
    records: join(directory, 'run'),
  }
})

afterEach(async () => {
  for (const record of await readRecords(layout)) await endProcess(record, 0)
  await rm(directory, { recursive: true })
})

test('reads state and start time behind a name with blanks and parentheses', () => {
  const fields = ['S', ...Array.from({ length: 18 }, () => '7'), '123456', '9']
  expect(parseStat(`42 (a ) (b) c) ${fields.join(' ')}`)).toEqual({ state: 'S', startTicks: 123456 })
})

test('an id that is used again is another process', async () => {
  const own = await identifyProcess(process.pid)
  if (own === undefined) throw new Error('this process must be there')
  expect(await isSameProcess(own)).toBe(true)
  expect(await isSameProcess({ ...own, startTicks: own.startTicks + 1 })).toBe(false)
  expect(await isSameProcess({ ...own, bootId: 'another boot' })).toBe(false)
})

test('never ends a process that only has the id of a record', async () => {
  const child = spawn('sleep', ['60'])
  try {
    const identity = await identifyProcess(child.pid ?? 0)
    if (identity === undefined) throw new Error('sleep must run')
    await endProcess({ ...identity, startTicks: identity.startTicks - 5 }, 0)
    expect(await isSameProcess(identity)).toBe(true)
  } finally {
    child.kill('SIGKILL')
  }
})

test('starts once, again after it was killed, and anew when its configuration changes', async () => {
  const config = join(directory, 'config')
  const spec = { name: 'sleeper', command: 'sleep', args: ['60'], files: { [config]: 'a' } }
  expect(await ensureProcess(layout, spec)).toBe('started')
  expect(await ensureProcess(layout, spec)).toBe('running')
  const [first] = await readRecords(layout)
  expect(await ensureProcess(layout, { ...spec, files: { [config]: 'b' } })).toBe('started')
  const [second] = await readRecords(layout)
  if (first === undefined || second === undefined) throw new Error('there must be a record')
  expect(await isSameProcess(first)).toBe(false)
  await endProcess(second, 0)
  expect(await ensureProcess(layout, { ...spec, files: { [config]: 'b' } })).toBe('started')
})

test('says which program cannot be started', async () => {
  await expect(ensureProcess(layout, { name: 'none', command: '/no/such/program', args: [] })).rejects.toThrow(
    '/no/such/program',
  )
})

test('a spec is known by everything that changes how it runs', () => {
  const spec = { name: 'a', command: 'c', args: ['x'], files: { '/f': '1' }, env: { A: '1' } }
  const others = [{ args: ['y'] }, { command: 'd' }, { files: { '/f': '2' } }, { env: { A: '2' } }].map((change) => ({
    ...spec,
    ...change,
  }))
  const hashes = [spec, ...others].map(hashSpec)
  expect(new Set(hashes).size).toBe(5)
  expect(hashSpec(structuredClone(spec))).toBe(hashes[0])
})

test('holds the lock for one at a time and leaves no file behind', async () => {
  const path = join(directory, 'lock')
  const events: string[] = []
  const work = (name: string) => async () => {
    events.push(`${name} in`)
    await new Promise((resolve) => setTimeout(resolve, 20))
    events.push(`${name} out`)
  }
  await Promise.all([
    withLock(path, () => undefined, work('first')),
    withLock(`${path}`, () => undefined, work('second')),
  ])
  expect(events[1]?.split(' ')[0]).toBe(events[0]?.split(' ')[0])
  expect(events).toHaveLength(4)
  expect(await readdir(directory)).toEqual([])
})

test('takes over the lock of a process that is gone', async () => {
  const path = join(directory, 'lock')
  await writeFile(path, JSON.stringify({ pid: process.pid, startTicks: 1, bootId: 'before' }))
  expect(
    await withLock(
      path,
      () => undefined,
      () => Promise.resolve('done'),
    ),
  ).toBe('done')
})
