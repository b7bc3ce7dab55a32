// Logical replication stays with the database that a recovery replaces: whoever recovers is told of every slot and subscription that is cut.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TaskOf } from '../../../src/core/data/tasks.ts'
import type { DataDeps } from '../../../src/data/deps.ts'
import { runDataTask } from '../../../src/data/run.ts'
import { QueryFailed } from '../../../src/ports/database.ts'
import { startPostgres, type TestServer } from '../../support/postgres.ts'
import { makeHostile } from './hostile.ts'
import { makeWorld, type World } from './world.ts'

const SET = 'ns/rel/replicated'
const SLOT =
  'replication slot cdc: stays with the database that is replaced, where it gets nothing more and holds back WAL until it is dropped; make it anew on the recovered one'
const SUBSCRIPTION =
  'subscription "from Far": comes back switched off, where the backup has it; its slot at the publisher holds back WAL there until it is used again or dropped'
let server: TestServer
let world: World
let digests: Record<string, string>

beforeAll(async () => {
  server = await startPostgres({ wal_level: 'logical' })
  await makeHostile(server)
  // Nobody answers there: its worker tries again and again.
  const nobody = `connection 'host=127.0.0.1 port=1' publication p with (connect = false`
  await server.query('ai_db', `create subscription "from Far" ${nobody}, slot_name = 'far')`)
  await server.query('ai_db', `create subscription switched_off ${nobody})`)
  await server.query('ai_db', 'alter subscription "from Far" enable')
  await server.query('ai_db', `select pg_create_logical_replication_slot('cdc', 'pgoutput')`)
  await server.query(
    'postgres',
    `select pg_create_logical_replication_slot('of_another', 'pgoutput'), pg_create_physical_replication_slot('standby')`,
  )
  world = await makeWorld(server)
  const backup = await runDataTask(world.backupTask(SET), world.deps)
  digests = Object.fromEntries(backup.databases.map(({ role, digest }) => [role, digest]))
})

afterAll(async () => {
  await world.dispose()
  await server.stop()
})

function swapTask(newSuffix: string, oldSuffix: string): TaskOf<'swap'> {
  return { kind: 'swap', databases: world.databases, newSuffix, oldSuffix, expect: digests }
}

const all = [SLOT, SUBSCRIPTION]

test('a copy of the proof says nothing of the server; the restore names what its exchange will cut', async () => {
  const { store, identity, jobs } = world.restoreTask(SET, '')
  const staged: TaskOf<'prove-beside'> = {
    kind: 'prove-beside',
    databases: world.databases,
    suffix: '__staged',
    set: SET,
    store,
    identity,
    ...(jobs === undefined ? {} : { jobs }),
  }
  const proof = await runDataTask(staged, world.deps)
  const restored = await runDataTask(world.restoreTask(SET, '__new'), world.deps)
  for (const what of all) {
    expect(proof.databases[1]?.notCovered).not.toContain(what)
    expect(restored.databases[1]?.notCovered).toContain(what)
  }
  expect(restored.databases[0]?.notCovered.join()).not.toContain('replic')
})

test('the exchange of a staged copy names them too, and once more where it was done before', async () => {
  const task = swapTask('__staged', '__old')
  const swapped = await runDataTask(task, world.deps)
  expect(swapped.databases).toMatchObject([{ role: 'ledger' }, { role: 'ai', kept: 'ai_db__old', replication: all }])
  expect(swapped.databases[0]).not.toHaveProperty('replication')
  expect((await runDataTask(task, world.deps)).databases).toEqual(swapped.databases)
})

test('what was said is so: the slot and the working subscription are with what is kept, which nothing enters', async () => {
  const slots = `select database from pg_replication_slots where slot_name = 'cdc'`
  expect(await server.query('postgres', slots)).toEqual([{ database: 'ai_db__old' }])
  const enabled = `select d.datname, s.subname from pg_subscription s join pg_database d on d.oid = s.subdbid where s.subenabled order by 2`
  expect(await server.query('postgres', enabled)).toEqual([{ datname: 'ai_db__old', subname: 'from Far' }])
  const workers = `select 1 from pg_stat_activity where datname = 'ai_db__old'`
  expect(await server.query('postgres', workers)).toEqual([])
})

test('where slots may not be read the exchange is done all the same, and that is said', async () => {
  const databases: DataDeps['databases'] = {
    async connect(...how) {
      const connection = await world.deps.databases.connect(...how)
      return {
        ...connection,
        query: async (sql, values) => {
          if (sql.includes('pg_replication_slots')) throw new QueryFailed('permission denied', '42501')
          return await connection.query(sql, values)
        },
      }
    },
  }
  const swapped = await runDataTask(swapTask('__new', '__old2'), { ...world.deps, databases })
  expect(swapped.databases[1]?.replication).toEqual([expect.stringContaining('not readable here')])
})
