// A copy that somebody writes into between its comparison and the exchange, or while it is compared: it never takes the live name.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { DatabaseTarget, ResultOf, TaskOf } from '../../../src/core/data/tasks.ts'
import { runDataTask } from '../../../src/data/run.ts'
import { faultyDatabases } from '../../../src/testing/faulty-databases.ts'
import { startPostgres, type TestServer } from '../../support/postgres.ts'
import { databaseNames, makeWorld, type World } from './world.ts'

const SET = 'ns/rel/altered'
const [NEW, OLD] = ['__pawl_new_1', '__pawl_old_1']
const COPY = `app${NEW}`
const PASSWORD = { secret: 'admin', key: 'password' }
let server: TestServer
let world: World
let databases: DatabaseTarget[]
let backup: ResultOf<'backup'>

beforeAll(async () => {
  server = await startPostgres()
  world = await makeWorld(server)
  await server.query('postgres', 'create database app')
  await server.query(
    'app',
    'create table t (i serial, v text); insert into t (v) select g from generate_series(1, 100) g',
  )
  const login = { user: 'postgres', password: PASSWORD }
  const migrations = { table: 'public.migrations', column: 'name' }
  const place = { host: '127.0.0.1', port: server.port, database: 'app', tls: 'disable' } as const
  databases = [{ role: 'ledger', login, migrations, admin: { ...login, database: 'postgres' }, ...place }]
  backup = await runDataTask(world.backupTask(SET, { databases }), world.deps)
})

afterAll(async () => {
  await world.dispose()
  await server.stop()
})

afterEach(async () => {
  for (const name of await databaseNames(server))
    if (name !== 'app') await server.query('postgres', `drop database "${name}" with (force)`)
})

const restore = async (deps = world.deps): Promise<ResultOf<'restore'>> =>
  await runDataTask(world.restoreTask(SET, NEW, databases), deps)

async function swap(deps = world.deps): Promise<ResultOf<'swap'>> {
  const digests = Object.fromEntries(backup.databases.map(({ role, digest }) => [role, digest]))
  const task: TaskOf<'swap'> = { kind: 'swap', databases, newSuffix: NEW, oldSuffix: OLD, expect: digests }
  return await runDataTask(task, deps)
}

async function opened(change: () => Promise<unknown>): Promise<void> {
  await server.query('postgres', `alter database "${COPY}" with allow_connections true`)
  await change()
  await server.query('postgres', `alter database "${COPY}" with allow_connections false`)
}

const rows = async (database: string): Promise<unknown> =>
  await server.query(database, `select count(*)::int as n, count(*) filter (where v = 'forged')::int as forged from t`)

const GOOD = [{ n: 100, forged: 0 }]

test.each([
  ['a row', `update t set v = 'forged' where i = 7`, /rows were written/],
  ['the structure', 'alter table t add w int', /structure/],
  ['everything', 'truncate t', /emptied/],
  ['a sequence', `select nextval('t_i_seq')`, /sequence/],
])('%s was changed in a copy that is closed again: it is refused, and restored anew', async (_, sql, why) => {
  await restore()
  await opened(async () => await server.query(COPY, sql))
  await expect(swap()).rejects.toMatchObject({
    code: 'proof-mismatch',
    message: expect.stringMatching(why) as string,
    unchanged: 'No database was renamed.',
    facts: { role: 'ledger', database: COPY },
  })
  expect(await databaseNames(server)).toEqual(['app', COPY])
  expect(await rows('app')).toEqual(GOOD)
  await restore()
  expect((await swap()).databases).toMatchObject([{ live: 'app', kept: `app${OLD}` }])
  expect(await rows('app')).toEqual(GOOD)
})

test('a copy that was only looked into takes the live name, as does one that was left open', async () => {
  await restore()
  await opened(async () => await server.query(COPY, 'select * from t; analyze t'))
  await server.query('postgres', `alter database "${COPY}" with allow_connections true`)
  expect((await restore()).databases[0]?.rung).toBe('proven')
  await server.query('postgres', `alter database "${COPY}" with allow_connections true`)
  const { databases: exchanged, exchangedInMs } = await swap()
  expect(exchanged).toMatchObject([{ live: 'app' }])
  console.log(`looked at once more and exchanged in ${exchangedInMs} ms`)
})

/** Somebody writes when the first digest was read (`late`), or before. */
async function restoreDisturbed(late: boolean): Promise<unknown> {
  const writing = faultyDatabases(world.deps.databases)
  let written = false
  writing.before = async (sql) => {
    // The first thing that is done to the database when it has been compared.
    const isTime = late
      ? sql.startsWith('alter database "app__pawl_new') && writing.statements.some(isDigest)
      : isDigest(sql)
    if (written || !isTime) return
    written = true
    await server.query(COPY, `update t set v = 'forged' where i = 7`)
  }
  const failure = await restore({ ...world.deps, databases: writing }).catch((error: unknown) => error)
  expect(written).toBe(true)
  return failure
}

test.each([
  ['after its table was read', true],
  ['before', false],
])(
  'a row that is written %s, while all is compared, leaves no copy and says nothing about the backup',
  async (_, late) => {
    expect(await restoreDisturbed(late)).toMatchObject({
      code: 'writers-remain',
      message: expect.stringContaining('while it was compared') as string,
    })
    expect(await databaseNames(server)).toEqual(['app'])
  },
)

test('where the server does not count writes, it is said what would not be noticed', async () => {
  await server.query('postgres', 'alter system set track_counts = off')
  await server.query('postgres', 'select pg_reload_conf()')
  try {
    await expect
      .poll(async () => (await server.query('postgres', 'show track_counts'))[0])
      .toEqual({ track_counts: 'off' })
    expect((await restore()).databases[0]?.notCovered.join()).toContain('track_counts')
  } finally {
    await server.query('postgres', 'alter system reset track_counts')
    await server.query('postgres', 'select pg_reload_conf()')
  }
})

const isDigest = (sql: string): boolean => sql.includes('hashtextextended')
