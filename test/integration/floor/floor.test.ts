// The floor in real databases: who may write it, when it rises and falls, and that nothing else ever trips over it.
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { childProcesses } from '../../../src/adapters/process/processes.ts'
import type { DatabaseTarget, FloorWrite } from '../../../src/core/data/tasks.ts'
import type { SeenFloor, WantedFloor } from '../../../src/core/floor/floor.ts'
import { isPawlError } from '../../../src/core/errors.ts'
import { runDataTask } from '../../../src/data/run.ts'
import { PG_BIN, startPostgres, type TestServer } from '../../support/postgres.ts'
import { APP, makeHostile } from '../data/hostile.ts'
import { makeWorld, openRestored, targetsOf, type World } from '../data/world.ts'

const LEDGER = 'Ledger db'
const READER = { user: 'dumper', password: 'canary-Dumper-2f0b' }
let server: TestServer
let world: World
let plain: DatabaseTarget[]

beforeAll(async () => {
  server = await startPostgres()
  await makeHostile(server)
  await server.query('postgres', `create role dumper login password '${READER.password}'`)
  world = await makeWorld(server)
  plain = targetsOf(server, { admin: false })
})

afterAll(async () => {
  await world.dispose()
  await server.stop()
})

beforeEach(async () => void (await write({ how: 'remove' })))

function wanted(floor: string, more: Partial<WantedFloor> = {}): WantedFloor {
  const place = { product: 'tally', release: 'shop/tally' }
  return { ...place, appVersion: floor, floor, run: `run-${floor}`, recoveryEpoch: 0, ...more }
}

const raise = (floor: WantedFloor): FloorWrite => ({ how: 'raise', floor, scheme: 'calver' })

async function write(how: FloorWrite, databases = world.databases): Promise<SeenFloor[]> {
  return (await runDataTask({ kind: 'floor', databases, write: how }, world.deps)).databases
}

async function read(databases = world.databases): Promise<SeenFloor[]> {
  return (await runDataTask({ kind: 'floor', databases }, world.deps)).databases
}

const floorsOf = (seen: readonly SeenFloor[]): unknown[] => seen.map(({ floor }) => floor?.floor ?? floor)

async function observed(): Promise<{ writeCounter: string; schemaFingerprint: string }[]> {
  // The server counts what a session wrote up to a second late.
  await new Promise((resolve) => setTimeout(resolve, 1200))
  const { databases } = await runDataTask({ kind: 'observe', databases: world.databases }, world.deps)
  return databases.map(({ writeCounter, schemaFingerprint }) => ({ writeCounter, schemaFingerprint }))
}

test('it is not there, rises in every database at once, and is what the next look sees', async () => {
  expect(floorsOf(await read())).toEqual([null, null])
  const raised = await write(raise(wanted('2026.3.9')))
  expect(floorsOf(raised)).toEqual(['2026.3.9', '2026.3.9'])
  expect(await read()).toEqual(raised)
  const { databases } = await runDataTask({ kind: 'observe', databases: world.databases }, world.deps)
  expect(databases.map(({ floor }) => floor)).toEqual(raised.map(({ floor }) => floor))
})

test('the same again writes nothing, a lower one leaves it, numbers count and not letters', async () => {
  const first = await write(raise(wanted('2026.9.9')))
  expect(await write(raise(wanted('2026.9.9', { run: 'another' })))).toEqual(first)
  expect(floorsOf(await write(raise(wanted('2026.3.9'))))).toEqual(['2026.9.9', '2026.9.9'])
  expect(floorsOf(await write(raise(wanted('2026.10.1'))))).toEqual(['2026.10.1', '2026.10.1'])
})

test('a recovery lowers it, and a run that began before that recovery changes nothing any more', async () => {
  await write(raise(wanted('2026.9.9')))
  const set = await write({ how: 'set', floor: wanted('2026.3.9', { recoveryEpoch: 1 }) })
  expect(floorsOf(set)).toEqual(['2026.3.9', '2026.3.9'])
  const late = write(raise(wanted('2026.9.9')))
  await expect(late).rejects.toSatisfy((error) => isPawlError(error, 'fence-lost'))
  expect(await read()).toEqual(set)
})

test('who remembers no recovery, having been set up anew, keeps the number that the databases know', async () => {
  await write({ how: 'set', floor: wanted('2026.3.9', { recoveryEpoch: 3 }) })
  const raised = await write({ how: 'raise', floor: wanted('2026.4.9'), scheme: 'calver', keepEpoch: true })
  expect(raised.map(({ floor }) => [floor?.floor, floor?.recoveryEpoch])).toEqual([
    ['2026.4.9', 3],
    ['2026.4.9', 3],
  ])
})

test('fingerprint, write counter and quiet do not see it', async () => {
  const before = await observed()
  await write(raise(wanted('2026.3.9')))
  await write(raise(wanted('2026.4.9')))
  expect(await observed()).toEqual(before)
})

test('no backup takes it in: the digests are the same with and without, the proof holds, what is restored has none', async () => {
  const digests = async (set: string): Promise<string[]> => {
    const { databases } = await runDataTask(world.backupTask(set), world.deps)
    return databases.map(({ digest, schemaDigest, tables }) => `${digest} ${schemaDigest} ${tables}`)
  }
  const without = await digests('shop/tally/without')
  await write(raise(wanted('2026.3.9')))
  expect(await digests('shop/tally/with')).toEqual(without)
  expect((await runDataTask(world.proveTask('shop/tally/with'), world.deps)).rung).toBe('proven')
  await runDataTask(world.restoreTask('shop/tally/with', '__new'), world.deps)
  await openRestored(server, ...plain.map(({ database }) => `${database}__new`))
  const schemas = "select nspname from pg_namespace where nspname = 'pawl'"
  expect(await server.query(`${LEDGER}__new`, schemas)).toEqual([])
  expect(await server.query(LEDGER, schemas)).toEqual([{ nspname: 'pawl' }])
  const restored = plain.map((database) => ({ ...database, database: `${database.database}__new` }))
  expect(floorsOf(await read(restored))).toEqual([null, null])
})

test("what somebody put into Pawl's schema is in no backup, so there is none until it is moved", async () => {
  await write(raise(wanted('2026.3.9')))
  await server.query(LEDGER, 'create table pawl.notes (note text)')
  const taken = runDataTask(world.backupTask('shop/tally/foreign'), world.deps)
  await expect(taken).rejects.toSatisfy((error) => isPawlError(error, 'backup-failed'))
  await server.query(LEDGER, 'drop table pawl.notes')
})

test('everybody may read it, so that a dump of the whole database by any role goes on working', async () => {
  await server.query('postgres', 'create database small owner "Tally App"')
  await server.query('small', 'create table t (a int); grant select on t to dumper', APP)
  const small = [{ ...(world.databases[0] as DatabaseTarget), database: 'small' }]
  await write(raise(wanted('2026.3.9')), small)
  const dump = await childProcesses().run({
    program: join(PG_BIN, 'pg_dump'),
    args: ['--no-password', '-h', '127.0.0.1', '-p', String(server.port), '-U', READER.user, 'small'],
    env: { PGPASSWORD: READER.password },
    cwd: '/',
  })
  expect(dump.stderr).toBe('')
  expect(dump.exitCode).toBe(0)
  // The product's own login does not own it where there is an administrator, and so cannot lower it.
  await expect(server.query('small', "update pawl.floor set floor = '2025.1.1'", APP)).rejects.toThrow('permission')
})

test('a login that may not make a schema is named with the reason, and everything else works', async () => {
  await server.query('postgres', 'create database shut')
  const [first] = plain
  const shut = [{ ...(first as DatabaseTarget), database: 'shut' }, first as DatabaseTarget]
  const seen = await write(raise(wanted('2026.3.9')), shut)
  expect(seen[0]).toMatchObject({ role: 'ledger', floor: null, why: expect.stringContaining('42501') as string })
  expect(floorsOf(seen)).toEqual([null, '2026.3.9'])
})

test('where all tables are published it is left out: a subscriber without that table would stop', async () => {
  await server.query(LEDGER, 'create publication everything for all tables')
  const seen = await write(raise(wanted('2026.3.9')))
  await server.query(LEDGER, 'drop publication everything')
  expect(floorsOf(seen)).toEqual([null, '2026.3.9'])
  expect(seen[0]?.why).toContain('everything')
})

test('who watches is told as soon as a database is put back by hand', async () => {
  const known = await write(raise(wanted('2026.3.9')))
  const watching = runDataTask(
    { kind: 'floor', databases: world.databases, watch: { known, forMs: 60_000 } },
    world.deps,
  )
  const begun = Date.now()
  await server.query(LEDGER, 'drop schema pawl cascade')
  expect(floorsOf((await watching).databases)).toEqual([null, '2026.3.9'])
  expect(Date.now() - begun).toBeLessThan(10_000)
})

test('a database that is not there is said to be so by who reads, and stops who writes', async () => {
  const gone = [{ ...(plain[0] as DatabaseTarget), database: 'nowhere' }]
  expect(await read(gone)).toMatchObject([{ role: 'ledger', why: expect.stringContaining('nowhere') as string }])
  await expect(write(raise(wanted('2026.3.9')), gone)).rejects.toSatisfy((error) =>
    isPawlError(error, 'database-unreachable'),
  )
})
