// The whole way: backup under live writers, proof, restore beside, swap. On a real server with hostile data.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DataProgress, ResultOf } from '../../../src/core/data/tasks.ts'
import { runDataTask } from '../../../src/data/run.ts'
import { startPostgres, type TestServer } from '../../support/postgres.ts'
import { APP, makeHostile } from './hostile.ts'
import { makeWorld, openRestored, type World } from './world.ts'

let server: TestServer
let world: World
const said: string[] = []

beforeAll(async () => {
  server = await startPostgres()
  await makeHostile(server)
  world = await makeWorld(server)
})

afterAll(async () => {
  await world.dispose()
  await server.stop()
})

function listen(progress: DataProgress): void {
  said.push(JSON.stringify(progress))
}

/** Inserts, updates, deletes and truncates as fast as one session can, until told to stop; publishes nothing, only moves. */
async function startWriters(): Promise<() => Promise<number>> {
  let going = true
  let count = 0
  const works = [
    `insert into deliveries (note) values ('live')`,
    `update "Mixed Case"."Weird ""Table""" set "select" = "select" || 'x' where "Id" = 1 + floor(random() * 3000)`,
    `delete from deliveries where id = (select max(id) from deliveries where note = 'live')`,
    `insert into measurements (at, kind, value) values ('2026-03-03', 'z', random())`,
  ]
  const sequences = `select nextval('counting_down'), nextval('cycling'), lo_create(0)`
  // Waits behind the snapshot's locks, and everybody who comes after waits behind it: such a backup has to begin again.
  const truncate = `begin; truncate cache; insert into cache select i::text, '{}' from generate_series(1, 50) i; commit`
  const pauses = new Map([
    [truncate, 2500],
    [sequences, 100],
  ])
  const lanes = [...works, sequences, truncate].map(async (sql) => {
    const client = await server.connect('Ledger db', 'writer', APP)
    while (going) {
      await client.query(sql)
      count++
      await new Promise((resolve) => setTimeout(resolve, pauses.get(sql) ?? 10))
    }
    await client.end()
  })
  await new Promise((resolve) => setTimeout(resolve, 300))
  return async () => {
    going = false
    await Promise.all(lanes)
    return count
  }
}

test('a backup under live writers proves, row for row', async () => {
  const stop = await startWriters()
  const results: ResultOf<'backup'>[] = []
  let written = 0
  try {
    for (const round of [1, 2, 3])
      results.push(await runDataTask(world.backupTask(`ns/live/set-${round}`), world.deps, { onProgress: listen }))
  } finally {
    written = await stop()
  }
  expect(written).toBeGreaterThan(100)
  for (const result of results) {
    const proof = await runDataTask(world.proveTask(result.set), world.deps, { onProgress: listen })
    expect(proof.rung).toBe('proven')
    expect(proof.manifestSha256).toBe(result.manifestSha256)
    expect(proof.databases.map((database) => database.digest)).toEqual(
      result.databases.map((database) => database.digest),
    )
  }
  const digests = new Set(results.map((result) => result.databases[0]?.digest))
  expect(digests.size).toBe(3)
})

test('the result says what was backed up', async () => {
  const result = await runDataTask(world.backupTask('ns/rel/main'), world.deps, { onProgress: listen })
  const [ledger, ai] = result.databases
  const counted = await server.query('Ledger db', `select count(*) as n from deliveries`)
  expect(ledger).toMatchObject({
    role: 'ledger',
    database: 'Ledger db',
    serverMajor: 15,
    tables: 15,
    migrations: ['/20260101-one', '/20260201-two', '/20260115-late'],
  })
  expect(ai).toMatchObject({ role: 'ai', database: 'ai_db', tables: 2, rows: '1502', migrations: ['001', '002'] })
  expect(Number(ledger?.rows)).toBeGreaterThan(Number(counted[0]?.['n']))
  expect(result.snapshotSpreadMs).toBeLessThan(5000)
  expect(result.storedBytes).toBeGreaterThan(100_000)
})

test('the same backup task again returns the same result and stores nothing', async () => {
  const before = await readdir(join(world.storePath, 'ns/rel/main'), { recursive: true })
  const manifest = await readFile(join(world.storePath, 'ns/rel/main/manifest.json'), 'utf8')
  const again = await runDataTask(world.backupTask('ns/rel/main'), world.deps)
  expect(again.databases).toEqual((JSON.parse(manifest) as { databases: unknown }).databases)
  expect(await readdir(join(world.storePath, 'ns/rel/main'), { recursive: true })).toEqual(before)
})

test('leftovers without a manifest are cleared and the backup is made anew', async () => {
  const set = join(world.storePath, 'ns/rel/crashed')
  await mkdir(join(set, 'ledger/data'), { recursive: true })
  await writeFile(join(set, 'ledger/data/toc.dat.age'), 'half of something')
  await writeFile(join(set, 'ledger/data/9999.dat.gz.age'), 'a table that is gone')
  const result = await runDataTask(world.backupTask('ns/rel/crashed'), world.deps)
  expect(await readdir(join(set, 'ledger/data'))).not.toContain('9999.dat.gz.age')
  expect((await runDataTask(world.proveTask('ns/rel/crashed'), world.deps)).rung).toBe('proven')
  expect(result.databases[0]?.tables).toBe(15)
})

test('a set proves as often as one likes, and every proof stays', async () => {
  const first = await runDataTask(world.proveTask('ns/rel/main'), world.deps, { onProgress: listen })
  const second = await runDataTask(world.proveTask('ns/rel/main'), world.deps)
  expect([first.proof, second.proof]).toEqual(['ns/rel/main/proof-1.json', 'ns/rel/main/proof-2.json'])
  const document = JSON.parse(await readFile(join(world.storePath, first.proof), 'utf8')) as Record<string, unknown>
  expect(document).toMatchObject({ set: 'ns/rel/main', manifestSha256: first.manifestSha256, rung: 'proven' })
  expect(first.databases[0]?.notCovered.join()).toContain('passwords')
})

test('release files are in the set, encrypted', async () => {
  const path = join(world.storePath, 'ns/rel/main/release')
  expect((await readdir(path)).toSorted()).toEqual(['chart.tgz.age', 'values.yaml.age'])
  expect(await readFile(join(path, 'values.yaml.age'), 'latin1')).not.toContain('canary')
})

test('restore beside and swap: every row is back, the broken database is kept and closed', async () => {
  const backup = await runDataTask(world.backupTask('ns/rel/before'), world.deps)
  const rows = await server.query('Ledger db', 'select count(*)::int as n from deliveries')
  await server.query(
    'Ledger db',
    `drop table "references"; delete from deliveries where id % 2 = 0; alter table deliveries add broken text`,
  )
  await server.query('ai_db', 'truncate prompts')
  const restored = await runDataTask(world.restoreTask('ns/rel/before', '__new'), world.deps, { onProgress: listen })
  expect(restored.databases.map((database) => [database.role, database.rung, database.digest])).toEqual(
    backup.databases.map((database) => [database.role, 'proven', database.digest]),
  )
  // The live ones are still what they were.
  expect(await server.query('ai_db', 'select count(*)::int as n from prompts')).toEqual([{ n: 0 }])
  const statements = await runDataTask(world.restoreTask('ns/rel/before', '__new'), world.deps)
  expect(statements).toEqual(restored)
  const expectDigests = Object.fromEntries(backup.databases.map((database) => [database.role, database.digest]))
  const client = await server.connect('Ledger db', 'left over')
  const swap = {
    kind: 'swap' as const,
    databases: world.databases,
    newSuffix: '__new',
    oldSuffix: '__old',
    expect: expectDigests,
  }
  const swapped = await runDataTask(swap, world.deps, { onProgress: listen })
  await client.end().catch(() => undefined)
  expect(swapped.databases).toEqual([
    { role: 'ledger', live: 'Ledger db', kept: 'Ledger db__old', digest: expectDigests['ledger'] },
    { role: 'ai', live: 'ai_db', kept: 'ai_db__old', digest: expectDigests['ai'] },
  ])
  expect(await server.query('Ledger db', 'select count(*)::int as n from deliveries')).toEqual(rows)
  expect(await server.query('ai_db', 'select count(*)::int as n from prompts')).toEqual([{ n: 1500 }])
  const state = await server.query(
    'postgres',
    `select datname, datallowconn, datconnlimit, shobj_description(oid, 'pg_database') as comment from pg_database where datname like 'Ledger%' order by 1`,
  )
  expect(state).toMatchObject([
    { datname: 'Ledger db', datallowconn: true, datconnlimit: 50 },
    { datname: 'Ledger db__old', datallowconn: false },
  ])
  expect(String(state[1]?.['comment'])).toContain('drop database \\"Ledger db__old\\"')
  expect(await runDataTask(swap, world.deps)).toEqual({ databases: swapped.databases })
})

test('what a swap brings back works for the application: login, settings, sequences, rights', async () => {
  const own = await server.query(
    'Ledger db',
    `insert into deliveries (note) values ('after') returning id::int; show app.tenant`,
    APP,
  )
  expect(own).toEqual([{ 'app.tenant': `a b'c` }])
  const [path] = await server.query('Ledger db', 'show search_path', APP)
  expect(path).toEqual({ search_path: 'public, "Mixed Case"' })
  const [next] = await server.query(
    'Ledger db',
    'select max(id)::int as highest, last_value::int as last from deliveries, deliveries_id_seq group by 2',
    APP,
  )
  expect(next?.['last']).toBe(next?.['highest'])
})

test('what was restored is closed and taken as it is; once somebody has opened and changed it, it is done anew', async () => {
  const task = world.restoreTask('ns/rel/before', '__shut', world.databases.slice(1))
  const now = async () =>
    await server.query('postgres', `select oid, datallowconn as open from pg_database where datname = 'ai_db__shut'`)
  await runDataTask(task, world.deps)
  const [made] = await now()
  expect(made).toMatchObject({ open: false })
  await runDataTask(task, world.deps)
  expect(await now()).toEqual([made])
  await openRestored(server, 'ai_db__shut')
  await runDataTask(task, world.deps)
  expect(await now()).toEqual([made])
  await openRestored(server, 'ai_db__shut')
  await server.query('ai_db__shut', 'delete from prompts where id = 7')
  await runDataTask(task, world.deps)
  const [anew] = await now()
  expect(anew).toMatchObject({ open: false })
  expect(anew?.['oid']).not.toBe(made?.['oid'])
  await server.query('postgres', 'drop database ai_db__shut')
})

test('no secret is in anything that was said or left in the open, and nothing is left in the work directory', async () => {
  const names = await readdir(world.storePath, { recursive: true })
  const open = names.filter((name) => name.endsWith('.json'))
  const texts = await Promise.all(open.map((name) => readFile(join(world.storePath, name), 'utf8')))
  expect(said.length).toBeGreaterThan(20)
  expect(open.length).toBeGreaterThan(5)
  for (const text of [...said, ...texts]) expect(text).not.toMatch(/canary|AGE-SECRET-KEY/)
  expect(await world.leftovers()).toEqual([])
})
