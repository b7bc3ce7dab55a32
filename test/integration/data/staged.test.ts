// Staged recovery: the proof's own copy stays beside the live databases, closed, and going back is giving it the live name.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { DatabaseTarget, ResultOf, TaskOf } from '../../../src/core/data/tasks.ts'
import { runDataTask } from '../../../src/data/run.ts'
import { cutAt, failureAt, faultyDatabases } from '../../../src/testing/faulty-databases.ts'
import { startPostgres, type TestServer } from '../../support/postgres.ts'
import { makeHostile } from './hostile.ts'
import { databaseNames, makeWorld, targetsOf, type World } from './world.ts'

const SET = 'ns/rel/staged'
const STAGED = '__pawl_set_staged'
const KEPT = '__pawl_old_staged'
const LIVE = ['Ledger db', 'ai_db']
let server: TestServer
let world: World
let backup: ResultOf<'backup'>

beforeAll(async () => {
  server = await startPostgres()
  await makeHostile(server)
  world = await makeWorld(server)
  backup = await runDataTask(world.backupTask(SET), world.deps)
})

afterAll(async () => {
  await world.dispose()
  await server.stop()
})

const names = async (): Promise<string[]> => await databaseNames(server)

function stageTask(databases = world.databases): TaskOf<'prove-beside'> {
  const { set, store, identity } = world.proveTask(SET)
  return { kind: 'prove-beside', databases, suffix: STAGED, set, store, identity }
}

function swapTask(more: Partial<TaskOf<'swap'>> = {}): TaskOf<'swap'> {
  const digests = Object.fromEntries(backup.databases.map((database) => [database.role, database.digest]))
  return { kind: 'swap', databases: world.databases, newSuffix: STAGED, oldSuffix: KEPT, expect: digests, ...more }
}

function compareTask(): TaskOf<'compare'> {
  const { set, store, identity } = world.proveTask(SET)
  return { kind: 'compare', databases: world.databases, set, store, identity }
}

function dropTask(more: Partial<TaskOf<'drop-copies'>> = {}): TaskOf<'drop-copies'> {
  return { kind: 'drop-copies', databases: world.databases, suffix: STAGED, set: SET, ...more }
}

beforeEach(async () => {
  await runDataTask(stageTask(), world.deps)
})

/** The same databases under the same names again, whatever a test did with them. */
afterEach(async () => {
  const there = new Set(await names())
  for (const name of LIVE) {
    if (there.has(name + KEPT)) {
      await server.query('postgres', `drop database "${name}" with (force)`)
      await server.query('postgres', `alter database "${name}${KEPT}" rename to "${name}"`)
    }
    await server.query('postgres', `alter database "${name}" with allow_connections true`)
  }
  const others = (await names()).filter((name) => !LIVE.includes(name))
  for (const name of others) await server.query('postgres', `drop database "${name}" with (force)`)
})

test('the proof that leaves a copy is a proof: in the store, of the stored bytes, and says what it does not cover', async () => {
  const before = await names()
  const result = await runDataTask(stageTask(), world.deps)
  expect(result).toMatchObject({ rung: 'proven', manifestSha256: backup.manifestSha256 })
  expect(result.databases.map(({ digest }) => digest)).toEqual(backup.databases.map(({ digest }) => digest))
  expect(result.databases[0]?.notCovered.join()).toContain('passwords')
  expect(result.databases[0]?.notCovered.join()).toContain('roles and extensions of the server')
  const store = await world.deps.openStore(stageTask().store)
  expect(await store.head(result.proof)).toBeDefined()
  // Again: what was there is found, nothing is made twice.
  expect(await names()).toEqual(before)
  expect(result.copies.map(({ database }) => database)).toEqual(LIVE.map((name) => name + STAGED))
  for (const { database, sizeBytes } of result.copies) {
    expect(sizeBytes).toBeGreaterThan(1_000_000)
    await expect(server.connect(database)).rejects.toThrow('not currently accepting connections')
  }
})

test('going back is an exchange of names, in milliseconds, and the databases are compared afterwards', async () => {
  const rows = await server.query('Ledger db', 'select count(*)::int as n from deliveries')
  await server.query('Ledger db', `drop table "references"; delete from deliveries where id % 2 = 0`)
  await server.query('ai_db', 'truncate prompts')
  const session = await server.connect('Ledger db', 'left over')
  const swapped = await runDataTask(swapTask(), world.deps)
  await session.end().catch(() => undefined)
  console.log(`staged: names of 2 databases exchanged in ${swapped.exchangedInMs} ms`)
  expect(swapped.exchangedInMs).toBeLessThan(1_000)
  const compared = await runDataTask(compareTask(), world.deps)
  expect(compared.databases).toEqual(backup.databases.map(({ role, digest }) => ({ role, digest })))
  expect(await server.query('Ledger db', 'select count(*)::int as n from deliveries')).toEqual(rows)
  const states = await server.query(
    'postgres',
    `select datname, datallowconn as open, datconnlimit as most, pg_get_userbyid(datdba) as owner, shobj_description(oid, 'pg_database') as comment
     from pg_database where datname like 'Ledger%' order by 1`,
  )
  expect(states).toMatchObject([
    { datname: 'Ledger db', open: true, most: 50, owner: 'Tally App' },
    { datname: `Ledger db${KEPT}`, open: false },
  ])
  expect(String(states[1]?.['comment'])).toContain(`drop database \\"Ledger db${KEPT}\\"`)
  expect(String(states[0]?.['comment'])).not.toContain('runs accept')
})

test('an exchange killed at each of its statements ends right when it is repeated', async () => {
  const whole = faultyDatabases(world.deps.databases)
  const expected = await runDataTask(swapTask(), { ...world.deps, databases: whole })
  const count = whole.statements.length
  expect(count).toBeGreaterThan(15)
  for (let point = 0; point < count; point++) {
    for (const name of LIVE) {
      await server.query('postgres', `alter database "${name}" with allow_connections false`)
      await server.query('postgres', `alter database "${name}" rename to "${name}${STAGED}"`)
      await server.query('postgres', `alter database "${name}${KEPT}" rename to "${name}"`)
      await server.query('postgres', `alter database "${name}" with allow_connections true`)
    }
    const faulty = cutAt(world.deps.databases, point)
    const killed = runDataTask(swapTask(), { ...world.deps, databases: faulty })
    await expect(killed).rejects.toMatchObject({ code: 'database-unreachable' })
    const finished = await runDataTask(swapTask(), world.deps)
    expect(finished.databases, `killed before ${whole.statements[point]}`).toEqual(expected.databases)
    expect(await names()).toEqual(LIVE.flatMap((name) => [name, name + KEPT]))
  }
  expect((await runDataTask(compareTask(), world.deps)).databases.map(({ differs }) => differs)).toEqual([
    undefined,
    undefined,
  ])
})

test('a copy that somebody opened and changed is found out, whatever its mark says', async () => {
  const copy = `Ledger db${STAGED}`
  await server.query('postgres', `alter database "${copy}" with allow_connections true`)
  await server.query(copy, `update deliveries set note = note || '!' where id = (select min(id) from deliveries)`)
  const { copies } = await runDataTask({ kind: 'list-copies', databases: world.databases }, world.deps)
  expect(copies).toMatchObject([
    { database: copy, state: 'proven', set: SET, open: true },
    { database: `ai_db${STAGED}`, state: 'proven', set: SET, open: false },
  ])
  await server.query('postgres', `alter database "${copy}" with allow_connections false`)
  await runDataTask(swapTask(), world.deps)
  const [ledger, ai] = (await runDataTask(compareTask(), world.deps)).databases
  expect(ledger?.differs).toContain('table public.deliveries')
  expect(ai).toEqual({ role: 'ai', digest: backup.databases[1]?.digest })
})

test('the proof of another set, or of nothing, is not swapped in', async () => {
  await server.query(
    'postgres',
    `comment on database "ai_db${STAGED}" is '{"pawl":{"set":"${SET}","role":"ai","state":"proven","digest":"other"}}'`,
  )
  await expect(runDataTask(swapTask(), world.deps)).rejects.toMatchObject({ code: 'proof-mismatch' })
  await server.query('postgres', `comment on database "ai_db${STAGED}" is null`)
  await expect(runDataTask(swapTask(), world.deps)).rejects.toMatchObject({ code: 'proof-mismatch' })
  expect(await names()).toEqual(LIVE.flatMap((name) => [name, name + STAGED]))
})

test('only what is certainly the copy of this set is dropped', async () => {
  const [ledger, ai] = LIVE.map((name) => name + STAGED) as [string, string]
  expect(await runDataTask(dropTask({ set: 'ns/rel/other' }), world.deps)).toEqual({
    dropped: [],
    left: [ledger, ai].map((database) => ({ database, why: `it holds another backup set (${SET})` })),
  })
  await server.query('postgres', `comment on database "${ai}" is 'mine'`)
  expect(await runDataTask(dropTask(), world.deps)).toEqual({
    dropped: [ledger],
    left: [{ database: ai, why: 'it has no mark of Pawl' }],
  })
  expect(await names()).toEqual(['Ledger db', 'ai_db', ai])
  await server.query('postgres', `alter database "${ai}" with allow_connections true`)
  expect((await runDataTask(dropTask(), world.deps)).left).toEqual([{ database: ai, why: 'it has no mark of Pawl' }])
  await server.query('postgres', `drop database "${ai}"`)
  await server.query('postgres', `create database "${ai}"`)
  expect(await runDataTask(dropTask(), world.deps)).toEqual({ dropped: [ai], left: [] })
  expect(await runDataTask(dropTask(), world.deps)).toEqual({ dropped: [], left: [] })
})

test('what a recovery has replaced is never dropped as a copy', async () => {
  await runDataTask(swapTask(), world.deps)
  const { left, dropped } = await runDataTask(dropTask({ suffix: KEPT }), world.deps)
  expect(dropped).toEqual([])
  expect(left.map(({ why }) => why)).toEqual(LIVE.map(() => 'it is what a recovery has replaced'))
})

test('the application itself, without a superuser, stages, exchanges and is found equal', async () => {
  await runDataTask(dropTask(), world.deps)
  await server.query('postgres', 'alter role "Tally App" createdb')
  const [, ai] = targetsOf(server, { admin: false }) as [DatabaseTarget, DatabaseTarget]
  await runDataTask(stageTask([ai]), world.deps)
  await runDataTask(swapTask({ databases: [ai] }), world.deps)
  expect((await runDataTask({ ...compareTask(), databases: [ai] }, world.deps)).databases).toEqual([
    { role: 'ai', digest: backup.databases[1]?.digest },
  ])
})

test('a proof beside that is killed at any statement of its own leaves a copy that is redone, never one that counts', async () => {
  await runDataTask(dropTask(), world.deps)
  const [, ai] = world.databases as [DatabaseTarget, DatabaseTarget]
  const whole = faultyDatabases(world.deps.databases)
  await runDataTask(stageTask([ai]), { ...world.deps, databases: whole })
  const points = whole.statements.flatMap((sql, at) => (/^\s*(?:create|comment|alter)/.test(sql) ? [at, at + 1] : []))
  for (const point of new Set(points)) {
    await runDataTask(dropTask(), world.deps)
    const faulty = cutAt(world.deps.databases, point)
    const failure = await failureAt(faulty, point, runDataTask(stageTask([ai]), { ...world.deps, databases: faulty }))
    if (failure !== undefined) expect(failure).toMatchObject({ code: 'database-unreachable' })
    expect((await runDataTask(stageTask([ai]), world.deps)).databases[0]?.digest).toBe(backup.databases[1]?.digest)
  }
})

test('what a plan has to know: extensions that not every login may create, and transactions that hold a name', async () => {
  await server.query('ai_db', 'create extension file_fdw')
  await server.query('ai_db', `begin; insert into prompts values (-1, 'x'); prepare transaction 'held'`)
  try {
    const look = async (databases: DatabaseTarget[]): Promise<unknown> => {
      const [seen] = (await runDataTask({ kind: 'observe', databases }, world.deps)).databases
      return [seen?.untrustedExtensions, seen?.preparedTransactions]
    }
    expect(await look(targetsOf(server, { admin: false }).slice(1))).toEqual([['file_fdw'], 1])
    expect(await look(world.databases.slice(1))).toEqual([[], 1])
  } finally {
    await server.query('ai_db', `rollback prepared 'held'`)
    await server.query('ai_db', 'drop extension file_fdw')
  }
})

test('where nothing has the live name there is nothing to keep, killed at any statement or not', async () => {
  const ai = { databases: world.databases.slice(1) }
  const digest = backup.databases[1]?.digest
  const done = { databases: [{ role: 'ai', live: 'ai_db', digest }] }
  await server.query('postgres', 'create database ai_before template ai_db')
  await server.query('postgres', 'drop database ai_db')
  const whole = faultyDatabases(world.deps.databases)
  expect(await runDataTask(swapTask(ai), { ...world.deps, databases: whole })).toMatchObject(done)
  for (let point = 0; point < whole.statements.length; point++) {
    await server.query('postgres', `alter database ai_db with allow_connections false`)
    await server.query('postgres', `alter database ai_db rename to "ai_db${STAGED}"`)
    const faulty = cutAt(world.deps.databases, point)
    const killed = runDataTask(swapTask(ai), { ...world.deps, databases: faulty })
    await expect(killed).rejects.toMatchObject({ code: 'database-unreachable' })
    expect(await runDataTask(swapTask(ai), world.deps)).toMatchObject(done)
    expect(await names()).toEqual(['Ledger db', `Ledger db${STAGED}`, 'ai_before', 'ai_db'])
  }
  // Another exchange does not take this for its own, though the digest is the one that it expects.
  const other = swapTask({ ...ai, oldSuffix: '__pawl_old_other' })
  await expect(runDataTask(other, world.deps)).rejects.toMatchObject({ code: 'unknown-state' })
  await server.query('postgres', 'drop database ai_db')
  await server.query('postgres', 'alter database ai_before rename to ai_db')
})
