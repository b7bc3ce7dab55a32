// What servers, roles and databases put in the way of a recovery: read-only roles, subscriptions, names, somebody who holds a database.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { DatabaseTarget, DataProgress, ResultOf, TaskOf } from '../../../src/core/data/tasks.ts'
import { runDataTask } from '../../../src/data/run.ts'
import { faultyDatabases } from '../../../src/testing/faulty-databases.ts'
import { QueryFailed } from '../../../src/ports/database.ts'
import { startPostgres, SUPERUSER_PASSWORD, type TestServer } from '../../support/postgres.ts'
import { databaseNames, makeWorld, openRestored, type World } from './world.ts'

const NEW = '__pawl_new_1'
const OLD = '__pawl_old_1'
const PASSWORD = { secret: 'admin', key: 'password' }
let server: TestServer
let world: World

beforeAll(async () => {
  server = await startPostgres()
  world = await makeWorld(server)
  await server.query('postgres', `create role adm login superuser password '${SUPERUSER_PASSWORD}'`)
})

afterAll(async () => {
  await world.dispose()
  await server.stop()
})

afterEach(async () => {
  await server.query('postgres', 'begin read write; alter role postgres reset all; alter role adm reset all; commit')
})

function targetOf(role: string, database: string, user = 'postgres'): DatabaseTarget {
  const login = { user, password: PASSWORD }
  const migrations = { table: 'public.migrations', column: 'name' }
  const admin = { ...login, database: 'postgres' }
  return { role, host: '127.0.0.1', port: server.port, database, login, tls: 'disable', migrations, admin }
}

async function fill(database: string, more = ''): Promise<void> {
  await server.query('postgres', `create database "${database}"`)
  await server.query(database, `create table t as select i from generate_series(1, 100) i; ${more}`)
}

const backUp = async (name: string, databases: DatabaseTarget[]): Promise<ResultOf<'backup'>> =>
  await runDataTask(world.backupTask(`ns/rel/${name}`, { databases }), world.deps)

function swapTask(backup: ResultOf<'backup'>, databases: DatabaseTarget[]): TaskOf<'swap'> {
  const expect = Object.fromEntries(backup.databases.map(({ role, digest }) => [role, digest]))
  return { kind: 'swap', databases, newSuffix: NEW, oldSuffix: OLD, expect }
}

const stateOf = async (like: string): Promise<unknown[]> =>
  await server.query(
    'postgres',
    `select datname as name, datallowconn as open from pg_database where datname like '${like}%' order by 1`,
  )

test('a role that may only read, for a few milliseconds, keeps no recovery from its work', async () => {
  await fill('reader', 'alter database reader set default_transaction_read_only = on')
  const databases = [targetOf('ledger', 'reader', 'adm')]
  // The first superuser's settings hold on the scratch server as well.
  await server.query('postgres', 'alter role postgres set default_transaction_read_only = on')
  await server.query(
    'postgres',
    `begin read write; alter role adm set default_transaction_read_only = on; alter role adm set statement_timeout = '5ms';
     alter role adm set lock_timeout = '1ms'; commit`,
  )
  const backup = await backUp('reader', databases)
  expect((await runDataTask(world.proveTask('ns/rel/reader'), world.deps)).rung).toBe('proven')
  await runDataTask(world.restoreTask('ns/rel/reader', NEW, databases), world.deps)
  await runDataTask(swapTask(backup, databases), world.deps)
  const { set, store, identity } = world.proveTask('ns/rel/reader')
  const compared = await runDataTask({ kind: 'compare', databases, set, store, identity }, world.deps)
  expect(compared.databases).toEqual([{ role: 'ledger', digest: backup.databases[0]?.digest }])
  await runDataTask(world.restoreTask('ns/rel/reader', NEW, databases), world.deps)
  const dropped = await runDataTask({ kind: 'drop-copies', databases, suffix: NEW, set }, world.deps)
  expect(dropped).toEqual({ dropped: [`reader${NEW}`], left: [] })
})

test('a copy with a subscription is made anew and dropped, and the slot stays with the live one', async () => {
  await fill(
    'sub',
    `create subscription "S 1" connection 'host=nowhere dbname=x' publication p with (connect = false, slot_name = slot_1)`,
  )
  const databases = [targetOf('ledger', 'sub')]
  await backUp('sub', databases)
  const restore = world.restoreTask('ns/rel/sub', NEW, databases)
  const subscriptions = `
    select d.datname as name, s.subenabled as enabled, s.subslotname as slot
    from pg_subscription s join pg_database d on d.oid = s.subdbid order by 1`
  const one = (name: string) => ({ name, enabled: false, slot: 'slot_1' })
  await runDataTask(restore, world.deps)
  expect(await server.query('postgres', subscriptions)).toEqual([one('sub'), one(`sub${NEW}`)])
  await openRestored(server, `sub${NEW}`)
  await server.query(`sub${NEW}`, 'delete from t')
  await runDataTask(restore, world.deps)
  // Killed between the rows and the end.
  const mark = { set: 'ns/rel/sub', role: 'ledger', state: 'restoring', digest: 'x' }
  await server.query('postgres', `comment on database "sub${NEW}" is '${JSON.stringify({ pawl: mark })}'`)
  expect((await runDataTask(restore, world.deps)).databases[0]?.rung).toBe('proven')
  const drop = { kind: 'drop-copies' as const, databases, suffix: NEW, set: 'ns/rel/sub' }
  expect(await runDataTask(drop, world.deps)).toEqual({ dropped: [`sub${NEW}`], left: [] })
  expect(await server.query('postgres', subscriptions)).toEqual([one('sub')])
})

test('of databases that two logins exchange none is renamed before all are empty', async () => {
  await fill('first')
  await fill('second')
  const databases = [targetOf('ledger', 'first', 'adm'), targetOf('ai', 'second')]
  const backup = await backUp('two', databases)
  await runDataTask(world.restoreTask('ns/rel/two', NEW, databases), world.deps)
  await server.query('second', `begin; insert into t values (0); prepare transaction 'in the way'`)
  let skipped = 0
  const clock = { now: () => new Date(Date.now() + skipped), sleep: async (ms: number) => void (skipped += ms * 50) }
  await expect(runDataTask(swapTask(backup, databases), { ...world.deps, clock })).rejects.toMatchObject({
    code: 'writers-remain',
    unchanged: 'No database was renamed.',
  })
  const beside = (name: string) => [
    { name, open: true },
    { name: `${name}${NEW}`, open: false },
  ]
  expect([...(await stateOf('first')), ...(await stateOf('second'))]).toEqual([...beside('first'), ...beside('second')])
  await server.query('second', `rollback prepared 'in the way'`)
  expect((await runDataTask(swapTask(backup, databases), world.deps)).databases.length).toBe(2)
})

test('where a later server refuses, what an earlier one has exchanged is said', async () => {
  const databases = [targetOf('ledger', 'first', 'adm'), targetOf('ai', 'second')]
  const backup = await backUp('again', databases)
  const names = { newSuffix: '__pawl_new_2', oldSuffix: '__pawl_old_2' }
  await runDataTask(world.restoreTask('ns/rel/again', names.newSuffix, databases), world.deps)
  const refusing = faultyDatabases(world.deps.databases)
  refusing.before = (sql) => {
    if (sql.startsWith('alter database "second" rename')) throw new QueryFailed('not now', '55006')
  }
  const task = { ...swapTask(backup, databases), ...names }
  const failed = runDataTask(task, { ...world.deps, databases: refusing })
  await expect(failed).rejects.toMatchObject({
    unchanged: expect.stringMatching(/^first .* None of the others/) as string,
  })
  expect((await runDataTask(task, world.deps)).databases.map(({ kept }) => kept)).toEqual([
    'first__pawl_old_2',
    'second__pawl_old_2',
  ])
  expect(await stateOf('second')).toContainEqual({ name: 'second', open: true })
})

test('a product that keeps its data in the database called postgres comes back like any other', async () => {
  await server.query('postgres', 'create table prod as select 1 as a')
  await fill('other')
  const databases = [targetOf('other', 'other'), targetOf('ledger', 'postgres')]
  const backup = await backUp('usual', databases)
  await server.query('postgres', 'drop table prod')
  await runDataTask(world.restoreTask('ns/rel/usual', NEW, databases), world.deps)
  await runDataTask(swapTask(backup, databases), world.deps)
  expect(await server.query('postgres', 'select a from prod')).toEqual([{ a: 1 }])
  expect(await databaseNames(server)).toEqual(expect.arrayContaining([`postgres${OLD}`, `other${OLD}`]))
  const listed = await runDataTask({ kind: 'list-copies', databases }, world.deps)
  expect(listed.copies.map(({ database, state }) => [database, state])).toEqual([
    [`other${OLD}`, 'kept'],
    [`postgres${OLD}`, 'kept'],
  ])
})

// Two are open while the others are asked for: the one that holds the snapshot, and the one that looks who waits for it. One more may be
// the server's own, which cleans a table.
test.each([
  ['database', 'alter database limited_database connection limit', 9],
  ['role', 'alter role few_role connection limit', 6],
])(
  'a limit of the %s makes a backup slower; where it leaves no room at all, it is said',
  async (whose, limit, most) => {
    const [few, limited] = [`few_${whose}`, `limited_${whose}`]
    await server.query('postgres', `create role ${few} login password '${SUPERUSER_PASSWORD}'`)
    await fill(limited, `alter table t owner to ${few}`)
    const others = await Promise.all([1, 2, 3].map(() => server.connect(limited)))
    await server.query('postgres', `${limit} ${most}`)
    const { admin: _, ...target } = targetOf('ledger', limited, few)
    const progress: DataProgress[] = []
    const task = world.backupTask(`ns/rel/${limited}`, { databases: [target], jobs: 4 })
    const { databases } = await runDataTask(task, world.deps, { onProgress: (seen) => void progress.push(seen) })
    for (const other of others) await other.end()
    expect(databases).toMatchObject([{ rows: '100' }])
    const note = expect.stringMatching(new RegExp(`limit of the ${whose} leaves [34] connections: 1 of 4 jobs`))
    expect(progress).toContainEqual({ phase: 'connections', role: 'ledger', note })
    await server.query('postgres', `${limit} 1`)
    await expect(backUp(`more_${whose}`, [target])).rejects.toMatchObject({
      code: 'database-unreachable',
      message: expect.stringContaining('too many connections for'),
      hint: expect.stringContaining('fewer jobs'),
    })
  },
)

test('a restore, and the comparison after it, make do with what the limit of a role leaves', async () => {
  await server.query('postgres', `create role poor login createdb password '${SUPERUSER_PASSWORD}'`)
  await fill('poor_db', 'alter table t owner to poor; alter database poor_db owner to poor')
  const target = targetOf('ledger', 'poor_db', 'poor')
  const databases = [{ ...target, admin: { ...target.login, database: 'postgres' } }]
  await backUp('poor', databases)
  await server.query('postgres', 'alter role poor connection limit 5')
  const progress: DataProgress[] = []
  const task = { ...world.restoreTask('ns/rel/poor', NEW, databases), jobs: 4 }
  const restored = await runDataTask(task, world.deps, { onProgress: (seen) => void progress.push(seen) })
  expect(restored.databases).toMatchObject([{ rows: '100' }])
  expect(progress).toContainEqual(expect.objectContaining({ phase: 'connections' }))
})
