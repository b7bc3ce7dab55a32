// The last look before the point of no return: whatever was written since the backup makes a difference to it.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { whatWasWritten, type Standing } from '../../../src/core/data/standing.ts'
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

/** A session's counts are reported when it ends, which is a moment after the client has gone. */
async function standings(): Promise<Standing[]> {
  await sleep(300)
  return (await runDataTask({ kind: 'observe', databases: world.databases }, world.deps)).databases
}

async function written(sql: string): Promise<string | undefined> {
  const [, before] = await standings()
  await server.query('ai_db', sql, APP)
  const [, after] = await standings()
  if (before === undefined || after === undefined) throw new Error('nothing was seen')
  return whatWasWritten(before, after)
}

test.each([
  ['rows', `insert into prompts values (700001, 'late')`],
  ['a large object', `select lo_from_bytea(700001, '\\x01')`],
  ['into a large object', `select lo_put(700001, 0, '\\x02')`],
  ['a new sequence', 'create sequence tickets'],
  ['nextval', `select nextval('tickets')`],
  ['setval', `select setval('tickets', 40, false)`],
  ['a column', 'alter table prompts add column late int default 5'],
  ['TRUNCATE', 'truncate prompts'],
  ['DROP', 'drop table prompts'],
])('written: %s', async (_, sql) => {
  expect(await written(sql)).toEqual(expect.any(String))
})

test('nothing was written by whoever reads, cleans up or backs up', async () => {
  expect(await written('vacuum analyze')).toBeUndefined()
  expect(await written('select count(*) from pg_class')).toBeUndefined()
  const { databases } = await runDataTask(world.backupTask('ns/rel/still'), world.deps)
  const now = await standings()
  expect(databases.map((then, place) => whatWasWritten(then, now[place] as Standing))).toEqual([undefined, undefined])
})

test('what is written after the snapshot of one database and before its dump is not taken for backed up', async () => {
  const databases = faultyDatabases(world.deps.databases)
  let snapshots = 0
  databases.before = async (sql) => {
    if (!sql.includes('pg_export_snapshot') || (snapshots += 1) !== 2) return
    await server.query('Ledger db', `insert into deliveries (note) values ('acknowledged')`, APP)
    await sleep(300)
  }
  const backup = await runDataTask(world.backupTask('ns/rel/late'), { ...world.deps, databases })
  expect(snapshots).toBe(2)
  const now = await standings()
  expect(backup.databases.map((then, place) => whatWasWritten(then, now[place] as Standing))).toEqual([
    expect.stringContaining('rows were written'),
    undefined,
  ])
})

test('a server that does not count writes is known as one', async () => {
  const counts = async (): Promise<boolean[]> =>
    (await runDataTask({ kind: 'observe', databases: world.databases }, world.deps)).databases.map(
      (database) => database.countsWrites,
    )
  expect(await counts()).toEqual([true, true])
  await server.query('postgres', 'alter database ai_db set track_counts = off')
  expect(await counts()).toEqual([true, false])
})
