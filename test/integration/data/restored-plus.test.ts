// A source that must not be read twice: rows counted there, the dump summed line by line, and the restored copy compared with that.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isPawlError } from '../../../src/core/errors.ts'
import { SOURCE_COUNTED } from '../../../src/data/backup/dump-lines.ts'
import { ROWS_COUNTED } from '../../../src/data/compare.ts'
import type { DataDeps } from '../../../src/data/deps.ts'
import { LARGE_OBJECT_LINES_SQL } from '../../../src/data/digest.ts'
import { PASSWORDS_NOT_READABLE } from '../../../src/data/globals/compare.ts'
import { runDataTask } from '../../../src/data/run.ts'
import type { Databases } from '../../../src/ports/database.ts'
import { faultyDatabases } from '../../../src/testing/faulty-databases.ts'
import type { PgTools } from '../../../src/ports/pgtools.ts'
import { startPostgres, type TestServer } from '../../support/postgres.ts'
import { makeHostile } from './hostile.ts'
import { makeWorld, openRestored, type World } from './world.ts'

const SET = 'ns/rel/counted'
let server: TestServer
let world: World

beforeAll(async () => {
  // Each of these changes how rows look as text; a dump has them as the server's, unless it is told otherwise.
  server = await startPostgres({ timezone: 'Asia/Kolkata', bytea_output: 'escape', datestyle: 'German' })
  await makeHostile(server)
  await server.query(
    'Ledger db',
    `set role "Tally App"; create table late_child () inherits (parent); alter table parent add column late text default 'x';
     create table only_null (a text); insert into only_null values (null), (''), ('\\.'), (E'\\\\.'); select lo_from_bytea(0, decode(repeat('ab', 17000000), 'hex'))`,
  )
  world = await makeWorld(server)
})

afterAll(async () => {
  await world.dispose()
  await server.stop()
})

/** The same, but for some of what the programs say. */
function withTools(change: (tools: PgTools) => Partial<PgTools>): DataDeps {
  const toolbox = {
    async forServer(major: number) {
      const tools = await world.deps.toolbox.forServer(major)
      return { ...tools, ...change(tools) }
    },
  }
  return { ...world.deps, toolbox }
}

test('reaches restored+, and says what it is not', async () => {
  const backup = await runDataTask(world.backupTask(SET, { sourceLoad: 'low' }), world.deps)
  expect(backup.databases.map(({ rows }) => rows)).toEqual(['10861', '1502'])
  const proof = await runDataTask(world.proveTask(SET), world.deps)
  expect(proof.rung).toBe('restored+')
  for (const database of proof.databases) {
    expect(database.rung).toBe('restored+')
    expect(database.notCovered).toEqual([PASSWORDS_NOT_READABLE, SOURCE_COUNTED])
  }
  const document = JSON.parse(await readFile(join(world.storePath, proof.proof), 'utf8')) as Record<string, unknown>
  expect(document).toMatchObject({ rung: 'restored+' })
})

test('a recovery from such a set is compared in the same way', async () => {
  const restored = await runDataTask(world.restoreTask(SET, '__counted'), world.deps)
  expect(restored.databases.map(({ rung }) => rung)).toEqual(['restored+', 'restored+'])
  const full = await runDataTask(world.backupTask('ns/rel/full'), world.deps)
  const again = world.databases.map((database) => ({ ...database, database: `${database.database}__counted` }))
  await openRestored(server, ...again.map(({ database }) => database))
  const copies = await runDataTask(world.backupTask('ns/rel/copies', { databases: again }), world.deps)
  expect(copies.databases.map(({ digest }) => digest)).toEqual(full.databases.map(({ digest }) => digest))
})

test('no row of the source is read but by the dump', async () => {
  const asked: string[] = []
  const databases = {
    async connect(...given: Parameters<DataDeps['databases']['connect']>) {
      const connection = await world.deps.databases.connect(...given)
      return {
        ...connection,
        async query(sql: string, parameters?: readonly (string | null)[]) {
          asked.push(sql)
          return await connection.query(sql, parameters)
        },
      }
    },
  }
  await runDataTask(world.backupTask('ns/rel/watched', { sourceLoad: 'low' }), { ...world.deps, databases })
  // Values of rows and bytes of large objects; owners and rights are the catalogue's.
  expect(asked.filter((sql) => /hashint4extended|lo_get/.test(sql))).toEqual([])
  expect(asked.filter((sql) => sql.includes('hashtextextended')).every((sql) => sql.includes('lomacl'))).toBe(true)
  expect(asked.filter((sql) => sql.includes('count(*)')).length).toBeGreaterThan(10)
})

test('a table whose rows are not as many as were counted is noticed while it is taken, and is no backup', async () => {
  const deps = withTools((tools) => ({
    // A table's file that belongs to another one.
    async contents(directory, signal) {
      const found = await tools.contents(directory, signal)
      return found.map((entry, at) => ({ ...entry, stem: found[(at + 1) % found.length]?.stem ?? '' }))
    },
  }))
  const error = await runDataTask(world.backupTask('ns/rel/swapped', { sourceLoad: 'low' }), deps).catch(
    (thrown: unknown) => thrown,
  )
  if (!isPawlError(error)) throw error
  expect(error).toMatchObject({ code: 'backup-failed', facts: { table: expect.any(String) } })
  expect(await readdir(join(world.storePath, 'ns/rel/swapped'))).not.toContain('manifest.json')
})

test('the lines of large objects are copied out like rows, never asked for as one answer', async () => {
  const copied: string[] = []
  const deps = withTools((tools) => ({
    async copyOut(target, query, use, signal) {
      copied.push(query)
      return await tools.copyOut(target, query, use, signal)
    },
  }))
  await runDataTask(world.proveTask(SET), deps)
  expect(copied.filter((query) => query === LARGE_OBJECT_LINES_SQL)).toHaveLength(2)
})

test('a set is proven as far as restored: all of it restores, and rows are counted and not read', async () => {
  const set = 'ns/rel/as-far-as'
  await runDataTask(world.backupTask(set), world.deps)
  const task = { ...world.proveTask(set), rung: 'restored' as const }
  const read = faultyDatabases(world.deps.databases)
  const proof = await runDataTask(task, { ...world.deps, databases: read })
  expect(proof.rung).toBe('restored')
  for (const { notCovered } of proof.databases) expect(notCovered).toContain(ROWS_COUNTED)
  expect(read.statements.filter((sql) => /count\(\*\).* only /s.test(sql)).length).toBeGreaterThan(10)
  const counting = withOneRowLess(world.deps.databases, '"prompts"')
  await expect(runDataTask(task, { ...world.deps, databases: counting })).rejects.toMatchObject({
    code: 'proof-mismatch',
    facts: { role: 'ai', expectedRows: '1500', gotRows: '1499' },
  })
  // The source's rows were counted only: no more can be shown by counting them again.
  expect((await runDataTask({ ...task, set: SET }, world.deps)).rung).toBe('restored')
})

test.each([
  ['latin1', 'LATIN1'],
  ['japanese', 'EUC_JP'],
  ['ascii', 'SQL_ASCII'],
  ['unicode', 'UTF8'],
])('names and rows of other letters, in a database of %s', async (name, encoding) => {
  const word = encoding === 'EUC_JP' ? '大きさ' : 'Größe'
  await server.query('postgres', `create database "${name}" template template0 encoding '${encoding}' locale 'C'`)
  await server.query('postgres', `alter database "${name}" owner to "Tally App"`)
  await server.query(
    name,
    `create schema "${word}"; create table "${word}"."${word}" ("${word}" text, n int); insert into "${word}"."${word}" select '${word}' || i, i from generate_series(1, 50) i;
     alter schema "${word}" owner to "Tally App"; alter table "${word}"."${word}" owner to "Tally App"`,
  )
  // What its clients are told says nothing of the dump.
  if (encoding !== 'EUC_JP') await server.query('postgres', `alter database "${name}" set client_encoding to 'WIN1252'`)
  const [base] = world.databases
  if (base === undefined) throw new Error('no database')
  const databases = [{ ...base, database: name }]
  const set = `ns/rel/${name}`
  const backup = await runDataTask(world.backupTask(set, { databases, sourceLoad: 'low' }), world.deps)
  expect(backup.databases).toMatchObject([{ rows: '50', tables: 1 }])
  expect((await runDataTask(world.proveTask(set), world.deps)).rung).toBe('restored+')
  const restored = await runDataTask(world.restoreTask(set, '__copy', databases), world.deps)
  expect(restored.databases).toMatchObject([{ rung: 'restored+', digest: backup.databases[0]?.digest }])
})

/** A server that says of this table that it has one row less than it has. */
function withOneRowLess(inner: Databases, table: string): Databases {
  return {
    async connect(...given) {
      const connection = await inner.connect(...given)
      return {
        lost: connection.lost,
        close: () => connection.close(),
        async query(sql, parameters) {
          const rows = await connection.query(sql, parameters)
          if (!sql.includes('count(*)') || !sql.includes(table)) return rows
          return rows.map((row) => ({ ...row, rows: String(Number(row['rows']) - 1) }))
        },
      }
    },
  }
}
