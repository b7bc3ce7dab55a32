// What a restore is spared: the longest work is begun first, and no file is made for a small large object.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startPostgres, type TestServer } from '../../support/postgres.ts'
import { ROLES } from './hostile.ts'
import { proveNarrow } from './narrow.ts'
import { makeWorld, type World } from './world.ts'

let server: TestServer
let world: World

beforeAll(async () => {
  server = await startPostgres()
  await server.query('postgres', ROLES)
  world = await makeWorld(server)
})

afterAll(async () => {
  await world.dispose()
  await server.stop()
})

test('many short rows are the bigger file, by a hole behind them, and come back with the large objects', async () => {
  const { files, objects, rung } = await proveNarrow(server, world)
  const [narrow, wide] = files
  expect(narrow?.sizeBytes).toBe((wide?.sizeBytes ?? 0) + 1)
  expect(narrow?.onDiskBytes).toBeLessThan(500_000)
  expect(objects).toBe(0)
  expect(rung).toBe('proven')
})
