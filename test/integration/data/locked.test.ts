// A store that keeps whatever was written once: a try that fails leaves its objects, and the next one makes a whole set beside them.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PawlError } from '../../../src/core/errors.ts'
import type { DataDeps } from '../../../src/data/deps.ts'
import { runDataTask } from '../../../src/data/run.ts'
import { memoryStore, type MemoryStore } from '../../../src/testing/memory-store.ts'
import { startPostgres, type TestServer } from '../../support/postgres.ts'
import { makeHostile } from './hostile.ts'
import { makeWorld, type World } from './world.ts'

const SET = 'ns/r/locked'
let server: TestServer
let world: World
let store: MemoryStore
let deps: DataDeps

beforeAll(async () => {
  server = await startPostgres()
  await makeHostile(server)
  world = await makeWorld(server)
  store = memoryStore()
  deps = { ...world.deps, openStore: async () => store }
})

afterAll(async () => {
  await world.dispose()
  await server.stop()
})

test('cut off half-way, twice, and then whole: proven and restored from where it lies', async () => {
  let puts = 0
  store.fault = (operation) => {
    if (operation === 'remove') throw new PawlError({ code: 'store-locked', message: 'kept on purpose' })
    if (operation === 'put' && (puts += 1) % 8 === 0) throw new PawlError({ code: 'store-unwritable', message: 'cut' })
  }
  for (const _ of ['first', 'second'])
    await expect(runDataTask<'backup'>(world.backupTask(SET), deps)).rejects.toMatchObject({ code: 'store-unwritable' })
  store.fault = (operation) => {
    if (operation === 'remove') throw new PawlError({ code: 'store-locked', message: 'kept on purpose' })
  }
  const backup = await runDataTask<'backup'>(world.backupTask(SET), deps)
  expect([...store.objects.keys()].some((name) => name.startsWith(`${SET}/try-3/`))).toBe(true)
  // The same task again finds it.
  expect(await runDataTask<'backup'>(world.backupTask(SET), deps)).toEqual(backup)
  const proof = await runDataTask<'prove'>(world.proveTask(SET), deps)
  expect(proof).toMatchObject({ rung: 'proven', set: SET, proof: `${SET}/proof-1.json` })
  const { problems, releaseFiles } = await runDataTask<'inspect'>(
    { kind: 'inspect', store: world.proveTask(SET).store, set: SET, read: 'everything' },
    deps,
  )
  expect({ problems, releaseFiles: releaseFiles.toSorted() }).toEqual({
    problems: [],
    releaseFiles: ['chart.tgz', 'values.yaml'],
  })
  const restored = await runDataTask<'restore'>(world.restoreTask(SET, '__again'), deps)
  expect(restored.databases.map(({ digest }) => digest)).toEqual(backup.databases.map(({ digest }) => digest))
})
