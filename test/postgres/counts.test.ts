// Before PostgreSQL 15 what was written is read from a file of counts that may be half a second old, and is not there at all for a new database.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DatabaseTarget } from '../../src/core/data/tasks.ts'
import { adminTarget, withAdmin } from '../../src/data/admin.ts'
import { standingAlone } from '../../src/data/alone.ts'
import type { DataDeps } from '../../src/data/deps.ts'
import { makeWorld, type World } from '../integration/data/world.ts'
import { MAJORS, MORE_MAJORS, obtainable, programsOf } from '../support/postgres-majors.ts'
import { startPostgres, type TestServer } from '../support/postgres.ts'

const NAME = 'counted'
const ROUNDS = 8
const context = { signal: new AbortController().signal, report: () => undefined }

const { here } = await obtainable(MORE_MAJORS)
const before15 = [...MAJORS, ...here].filter((major) => major < 15)

describe.each(before15)('PostgreSQL %i', (major) => {
  let server: TestServer
  let world: World
  let database: DatabaseTarget

  beforeAll(async () => {
    const bin = await programsOf(major)
    // Autovacuum asks too, whenever it likes.
    server = await startPostgres({ autovacuum: 'off' }, bin)
    world = await makeWorld(server, bin)
    database = { ...(world.databases[0] as DatabaseTarget), database: NAME }
  })

  afterAll(async () => {
    await world.dispose()
    await server.stop()
  })

  const alone = async (deps: DataDeps): Promise<bigint> =>
    await withAdmin(deps, await adminTarget(deps, database, 'postgres'), context.signal, async (connection) => {
      const { writeCounter } = await standingAlone(deps, context, { connection, database, name: NAME })
      await server.query('postgres', `alter database ${NAME} with allow_connections true`)
      return BigInt(writeCounter)
    })

  const writeRow = async (): Promise<void> => void (await server.query(NAME, 'insert into rows default values'))

  /** What is seen of one row in a new database, and of another soon afterwards. */
  async function seen(deps: DataDeps): Promise<bigint[]> {
    await server.query('postgres', `drop database if exists ${NAME} with (force)`)
    await server.query('postgres', `create database ${NAME}`)
    await server.query(NAME, 'create table rows (id int generated always as identity)')
    await writeRow()
    const first = await alone(deps)
    await writeRow()
    return [first, await alone(deps)]
  }

  /** While somebody asks for the counts of another database again and again. */
  async function rounds(deps: DataDeps): Promise<bigint[][]> {
    const stop = new AbortController()
    const asking = (async () => {
      while (!stop.signal.aborted) {
        await server.query('postgres', 'select sum(n_tup_ins) from pg_stat_all_tables')
        await sleep(40)
      }
    })()
    try {
      const all: bigint[][] = []
      for (let round = 0; round < ROUNDS; round++) all.push(await seen(deps))
      return all
    } finally {
      stop.abort()
      await asking
    }
  }

  const right = Array.from({ length: ROUNDS }, () => [1n, 2n])

  test('every row is seen', async () => {
    expect(await rounds(world.deps)).toEqual(right)
  })

  test('who does not wait misses some', async () => {
    const clock = { ...world.deps.clock, sleep: async () => undefined }
    expect(await rounds({ ...world.deps, clock })).not.toEqual(right)
  })

  test('a server that nobody asks need not be waited for', async () => {
    const waits: number[] = []
    const clock = { ...world.deps.clock, sleep: async (ms: number) => (waits.push(ms), await sleep(ms)) }
    await sleep(2_000)
    await server.query('postgres', `drop database if exists ${NAME} with (force)`)
    await server.query('postgres', `create database ${NAME}`)
    await server.query(NAME, 'create table rows (id int generated always as identity)')
    await writeRow()
    expect(await alone({ ...world.deps, clock })).toBe(1n)
    expect(waits.filter((ms) => ms > 250)).toEqual([])
  })
})
