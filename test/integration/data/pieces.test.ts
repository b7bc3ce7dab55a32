// Big tables: read in ranges of pages, on several connections, to the same digest; and a difference in one is narrowed to a part.
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { digestOnLanes, pageRanges, type LanesInput } from '../../../src/data/digest-lanes.ts'
import {
  addPiece,
  addUp,
  halfOf,
  sumPiece,
  tableInfo,
  type PageRange,
  type Sums,
  type TableInfo,
} from '../../../src/data/digest.ts'
import { isPawlError } from '../../../src/core/errors.ts'
import { runDataTask } from '../../../src/data/run.ts'
import { connectionTarget, pins } from '../../../src/data/session.ts'
import { listTables } from '../../../src/data/sql/catalogue.ts'
import { memoryStore } from '../../../src/testing/memory-store.ts'
import type { Connection, ConnectionTarget } from '../../../src/ports/database.ts'
import { copyOf, dataParts, plainOf, rewrite } from '../../faults/set.ts'
import { startPostgres, type TestServer } from '../../support/postgres.ts'
import { ROLES } from './hostile.ts'
import { makeWorld, type World } from './world.ts'

const MAJOR = 15
const PAGES_PER_PIECE = 100
let server: TestServer
let world: World
let target: ConnectionTarget

/** Never vacuumed: what the planner believes of its size is wrong, and every tenth row has a dead version somewhere. */
const BIG = `
  create table big (id int primary key, note text, doc jsonb) with (autovacuum_enabled = off, fillfactor = 70);
  insert into big select i, 'note ' || i, jsonb_build_object('n', i, 'pad', repeat(md5(i::text), i % 5)) from generate_series(1, 120000) i;
  update big set note = note || ' changed' where id % 10 = 0; delete from big where id % 17 = 0;
  alter table big owner to "Tally App";`

beforeAll(async () => {
  server = await startPostgres()
  await server.query('postgres', ROLES)
  await server.query('postgres', 'create database big owner "Tally App"')
  await server.query('big', BIG)
  world = await makeWorld(server)
  const database = databases()[0]!
  target = await connectionTarget(world.deps, database, database.login, 'big')
})

afterAll(async () => {
  await world.dispose()
  await server.stop()
})

const databases = () => world.databases.slice(1).map((database) => ({ ...database, database: 'big' }))
const connect = async (): Promise<Connection> => await world.deps.databases.connect(target, pins(MAJOR))

async function bigTable(connection: Connection): Promise<TableInfo> {
  const tables = (await connection.query(listTables(MAJOR))).map(tableInfo)
  return tables.find((table) => table.name === 'big')!
}

async function inRanges(connection: Connection, table: TableInfo, ranges: readonly PageRange[], byPart = true) {
  const known = new Map<number, Sums>()
  for (const range of ranges)
    addPiece(known, await sumPiece(connection, { table, range, how: byPart ? 'parts' : 'whole' }))
  return addUp('public.big', known, byPart)
}

test('the pieces of a table add up to the whole, in parts and not, under dead rows', async () => {
  const connection = await connect()
  const table = await bigTable(connection)
  expect(table.pages).toBeGreaterThan(10 * PAGES_PER_PIECE)
  const whole = await inRanges(connection, table, [{}], false)
  expect(whole.rows).toBe('112942')
  const ranges = pageRanges(table.pages, PAGES_PER_PIECE)
  expect(await inRanges(connection, table, ranges, false)).toEqual(whole)
  expect(await inRanges(connection, table, ranges)).toMatchObject(whole)
  expect(await inRanges(connection, table, ranges)).toEqual(await inRanges(connection, table, [{}]))
  const halves = new Map<number, Sums>()
  for (const range of ranges) addPiece(halves, await sumPiece(connection, { table, range, how: 'half' }))
  expect(addUp('public.big', halves)).toEqual(halfOf(whole))
  await connection.close()
})

test.each([
  ['a range that begins one page late', (range: PageRange) => ({ ...range, from: (range.from ?? 0) + 1 })],
  ['a range that ends one page early', (range: PageRange) => ({ ...range, to: (range.to ?? 0) - 1 })],
  ['a range that ends one page late', (range: PageRange) => ({ ...range, to: (range.to ?? 0) + 1 })],
])('%s is seen', async (_, change) => {
  const connection = await connect()
  const table = await bigTable(connection)
  const ranges = pageRanges(table.pages, PAGES_PER_PIECE)
  const wrong = ranges.map((range, at) => (at === 4 ? change(range) : range))
  expect((await inRanges(connection, table, wrong)).digest).not.toBe((await inRanges(connection, table, ranges)).digest)
  await connection.close()
})

test('several connections in one snapshot see the same rows, whatever is written meanwhile', async () => {
  const holder = await connect()
  await holder.query('begin isolation level repeatable read read only')
  const [row] = await holder.query('select pg_export_snapshot() as id')
  const table = await bigTable(holder)
  const whole = await inRanges(holder, table, [{}])
  // The file grows, row versions move to its end, and the pages they leave are cleaned.
  await server.query('big', `update big set note = note || '!' where id % 3 = 0; delete from big where id % 5 = 0`)
  await server.query('big', `insert into big select i, 'late' from generate_series(200001, 210000) i`)
  await server.query('big', 'vacuum big')
  const input: LanesInput = {
    tables: [await bigTable(holder)],
    major: MAJOR,
    jobs: 3,
    how: () => 'parts',
    pagesPerPiece: PAGES_PER_PIECE,
    onRows: () => undefined,
    async connect() {
      const connection = await connect()
      await connection.query('begin isolation level repeatable read read only')
      await connection.query(`set transaction snapshot '${row?.['id']}'`)
      return connection
    },
  }
  const found = await digestOnLanes(input, new AbortController().signal)
  expect(found[0]).toEqual(whole)
  const now = await digestOnLanes({ ...input, connect }, new AbortController().signal)
  expect(now[0]).not.toEqual(whole)
  await holder.close()
})

test('one changed value among a hundred thousand rows: the part is named, and its query shows the row', async () => {
  const [store, name] = [memoryStore(), 'ns/rel/big']
  await runDataTask(world.backupTask(name, { databases: databases() }), { ...world.deps, openStore: async () => store })
  const set = copyOf({ name, objects: store.objects, keys: world })
  const part = dataParts(set)[0]!.name
  const plain = gunzipSync(await plainOf(set, part)).toString()
  await rewrite(set, part, gzipSync(plain.replace('\tnote 778\t', '\tnote 77X\t')))
  const damaged = memoryStore()
  for (const [object, bytes] of set.objects) damaged.objects.set(object, bytes)
  const error = await runDataTask(world.proveTask(name), { ...world.deps, openStore: async () => damaged }).catch(
    (thrown: unknown) => thrown,
  )
  const recovery = runDataTask(world.restoreTask(name, '_fresh', databases()), {
    ...world.deps,
    openStore: async () => damaged,
  })
  await expect(recovery).rejects.toMatchObject({ code: 'proof-mismatch', facts: { parts: { differ: 2 } } })
  if (!isPawlError(error)) throw error
  expect(error).toMatchObject({ code: 'proof-mismatch', facts: { table: 'public.big', parts: { of: 64, differ: 2 } } })
  const { query, parts } = error.facts as {
    query: string
    parts: { first: { expectedRows: string; gotRows: string }[] }
  }
  const [left, right] = parts.first.map(({ expectedRows, gotRows }) => Number(gotRows) - Number(expectedRows))
  expect((left ?? 0) + (right ?? 0)).toBe(0)
  const rows = await server.query('big', query)
  expect(rows).toContainEqual(expect.objectContaining({ id: 778, note: 'note 778' }))
  expect(rows.length).toBeLessThan(8000)
  expect(JSON.stringify(error.facts).length).toBeLessThan(4000)
})
