// The one moment a backup shows: nothing can empty a table inside of it, and nothing that appears meanwhile is forgotten.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runDataTask } from '../../../src/data/run.ts'
import { faultyDatabases } from '../../../src/testing/faulty-databases.ts'
import { startPostgres, type TestServer } from '../../support/postgres.ts'
import { APP, makeHostile } from './hostile.ts'
import { makeWorld, type World } from './world.ts'

let server: TestServer
let world: World

beforeAll(async () => {
  server = await startPostgres()
  await makeHostile(server)
  world = await makeWorld(server)
})

afterAll(async () => {
  await world.dispose()
  await server.stop()
})

/** A backup of the small database, with something done just before the first statement that matches. */
async function backupWith(set: string, pattern: RegExp, act: () => Promise<void>) {
  const databases = faultyDatabases(world.deps.databases)
  let acted = false
  databases.before = async (sql) => {
    if (acted || !pattern.test(sql)) return
    acted = true
    await act()
  }
  const result = await runDataTask(world.backupTask(set, { databases: world.databases.slice(1) }), {
    ...world.deps,
    databases,
  })
  expect(acted).toBe(true)
  return { result, statements: databases.statements }
}

const READING = /hashtextextended/

test.each([
  ['TRUNCATE', 'truncate prompts'],
  ['a rewriting ALTER', 'alter table prompts alter column id type bigint'],
  ['DROP', 'drop table prompts'],
])('%s cannot come between the snapshot and its reading', async (name, sql) => {
  const set = `ns/rel/${name.toLowerCase().replaceAll(' ', '-')}`
  const { result } = await backupWith(set, READING, async () => {
    const client = await server.connect('ai_db', 'migrator', APP)
    await client.query(`set lock_timeout to '300ms'`)
    await expect(client.query(sql)).rejects.toMatchObject({ code: '55P03' })
    await client.end()
  })
  expect(result.databases[0]).toMatchObject({ rows: '1502' })
  expect((await runDataTask(world.proveTask(set), world.deps)).rung).toBe('proven')
})

test('a table that appears before the snapshot is in it: the locks are taken anew', async () => {
  const { result, statements } = await backupWith('ns/rel/appears', /pg_export_snapshot/, async () => {
    await server.query('ai_db', 'create table late (a int); insert into late values (1), (2)', APP)
  })
  expect(result.databases[0]).toMatchObject({ tables: 3, rows: '1504' })
  expect(statements.filter((sql) => sql.includes('pg_export_snapshot')).length).toBe(2)
  expect((await runDataTask(world.proveTask('ns/rel/appears'), world.deps)).rung).toBe('proven')
})

test('a table that goes before it is locked is no error', async () => {
  await server.query('ai_db', 'create table short_lived (a int)', APP)
  const { result } = await backupWith('ns/rel/goes', /^lock table/, async () => {
    await server.query('ai_db', 'drop table short_lived', APP)
  })
  expect(result.databases[0]).toMatchObject({ tables: 3 })
})

test('rows written after the snapshot are not in it, and the proof agrees', async () => {
  const { result } = await backupWith('ns/rel/later', READING, async () => {
    await server.query(
      'ai_db',
      `insert into prompts select i, 'later' from generate_series(500001, 500100) i; delete from late where a = 1`,
      APP,
    )
  })
  expect(result.databases[0]).toMatchObject({ rows: '1504' })
  expect((await runDataTask(world.proveTask('ns/rel/later'), world.deps)).rung).toBe('proven')
})

test('the tables are let go as soon as everything is read, however slow the store is', async () => {
  const [began, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const openStore: typeof world.deps.openStore = async (spec) => {
    const store = await world.deps.openStore(spec)
    return {
      ...store,
      put: async (...args) => {
        began.resolve()
        await goOn.promise
        return await store.put(...args)
      },
    }
  }
  const backup = runDataTask<'backup'>(world.backupTask('ns/rel/slow-store'), { ...world.deps, openStore })
  await began.promise
  const locks = `select 1 from pg_locks l join pg_stat_activity a using (pid) where a.application_name = 'pawl' and l.locktype = 'relation' and l.mode = 'AccessShareLock' and a.datname <> 'postgres'`
  const held = async (): Promise<number> => (await server.query('postgres', locks)).length
  await expect.poll(held, { timeout: 20_000, interval: 200 }).toBe(0)
  goOn.resolve()
  expect((await backup).databases).toHaveLength(2)
  expect((await runDataTask(world.proveTask('ns/rel/slow-store'), world.deps)).rung).toBe('proven')
})

test('whoever needs a table for himself is given way, also in a database whose turn has not come', async () => {
  const databases = faultyDatabases(world.deps.databases)
  let gaveWay = 0
  databases.before = async (sql) => {
    // The first database is read, and nobody of ours would stand in a queue of the second.
    if (sql !== 'select 1' || (gaveWay += 1) > 1) return
    const client = await server.connect('ai_db', 'migrator', APP)
    await client.query(`set lock_timeout to '20s'`)
    await client.query('alter table prompts add column given int')
    await client.end()
  }
  const backup = await runDataTask(world.backupTask('ns/rel/gives-way'), { ...world.deps, databases })
  expect(gaveWay).toBeGreaterThan(1)
  expect(databases.statements.filter((sql) => sql.includes('pg_export_snapshot'))).toHaveLength(4)
  expect(backup.databases).toHaveLength(2)
  expect((await runDataTask(world.proveTask('ns/rel/gives-way'), world.deps)).rung).toBe('proven')
})

test('a database that never holds still: the backup gives up in words', async () => {
  const databases = faultyDatabases(world.deps.databases)
  let made = 0
  databases.before = async (sql) => {
    if (sql.includes('pg_export_snapshot')) await server.query('ai_db', `create table churn_${made++} (a int)`, APP)
  }
  const task = world.backupTask('ns/rel/churn', { databases: world.databases.slice(1) })
  await expect(runDataTask(task, { ...world.deps, databases })).rejects.toMatchObject({
    code: 'backup-failed',
    message: expect.stringContaining('5 attempts'),
  })
  expect(made).toBe(5)
})
