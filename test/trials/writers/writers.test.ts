// Backup and proof while four writers write and now and then change tables: the digests agree, or the backup gives way and says so.
// What was proven is restored and judged by promises that the writers keep. `npm test` takes 5 runs, `npm run test:writers` 50.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isPawlError } from '../../../src/core/errors.ts'
import type { DatabaseTarget, DataProgress } from '../../../src/core/data/tasks.ts'
import type { DataDeps } from '../../../src/data/deps.ts'
import { runDataTask } from '../../../src/data/run.ts'
import type { Connection, Databases, Row } from '../../../src/ports/database.ts'
import { ROLES } from '../../integration/data/hostile.ts'
import { makeWorld, openRestored, type World } from '../../integration/data/world.ts'
import { startPostgres, type TestServer } from '../../support/postgres.ts'
import { SCHEMA, startLoad, type Load } from './load.ts'
import { brokenPromises } from './witness.ts'

const RUNS = process.env['PAWL_TRIALS'] === 'all' ? 50 : 5
/** On a machine with much else to do. */
const RUN_MS = 60_000
const SEED = Number(process.env['PAWL_TRIALS_SEED'] ?? Date.now() % 1_000_000)

let server: TestServer
let world: World
let databases: DatabaseTarget[]

beforeAll(async () => {
  server = await startPostgres()
  await server.query('postgres', ROLES)
  await server.query('postgres', 'create database busy owner "Tally App"')
  await server.query('busy', SCHEMA)
  world = await makeWorld(server)
  databases = world.databases.slice(0, 1).map((database) => ({ ...database, database: 'busy' }))
})

afterAll(async () => {
  await world.dispose()
  await server.stop()
})

interface Judged {
  end: 'proven' | 'gave way' | 'false'
  why: string
  /** How often the backup let go of its snapshot and began anew, because somebody waited behind it. */
  anew: number
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0)

function said(error: unknown): string {
  return isPawlError(error) ? `${error.code}: ${error.message}` : String(error)
}

/** Backup, proof, restore, and what the witness says of the copy. */
async function judge(set: string, load: Pick<Load, 'acknowledged' | 'sent'>, deps: DataDeps): Promise<Judged> {
  const atLeast = load.acknowledged()
  let anew = 0
  const onProgress = ({ phase, note }: DataProgress): void => void (phase === 'lock' && note !== undefined && anew++)
  try {
    await runDataTask(world.backupTask(set, { databases }), deps, { onProgress })
  } catch (error) {
    // It says that it stands in a queue, or that the tables change; anything else is not giving way.
    const gaveWay =
      isPawlError(error, 'backup-failed') && (error.facts['lockQueue'] ?? error.facts['changing']) === true
    return { end: gaveWay ? 'gave way' : 'false', why: said(error), anew }
  }
  const atMost = load.sent()
  try {
    const { rung } = await runDataTask(world.proveTask(set), world.deps)
    await runDataTask(world.restoreTask(set, '__copy', databases), world.deps)
    await openRestored(server, 'busy__copy')
    const broken = await brokenPromises(server, 'busy__copy', { atLeast, atMost })
    return { end: broken.length === 0 && rung === 'proven' ? 'proven' : 'false', why: broken.join('; '), anew }
  } catch (error) {
    return { end: 'false', why: said(error), anew }
  } finally {
    await server.query('postgres', 'drop database if exists busy__copy with (force)')
  }
}

test(`${RUNS} runs under four writers: no false result`, { timeout: RUNS * RUN_MS }, async () => {
  const load = await startLoad(server, 'busy', SEED)
  const all: Judged[] = []
  try {
    for (let run = 0; run < RUNS; run++) all.push(await judge(`ns/busy/run-${run}`, load, world.deps))
  } finally {
    await load.stop()
  }
  const ended = (end: Judged['end']): Judged[] => all.filter((one) => one.end === end)
  for (const { end, why } of all) if (end !== 'proven') console.log(`${end}: ${why}`)
  console.log(
    `${RUNS} runs: ${ended('proven').length} proven, ${ended('gave way').length} gave way, ${ended('false').length} false (${load.acknowledged()} transactions, ${load.changes()} changes to tables, ${sum(all.map(({ anew }) => anew))} snapshots let go, seed ${SEED})`,
  )
  expect(ended('false')).toEqual([])
  expect(ended('proven').length).toBeGreaterThanOrEqual(RUNS / 2)
  expect(load.changes()).toBeGreaterThan(RUNS / 2)
})

/** Pawl with a fault in it: `instead` stands for the statements that it names. */
function withFault(instead: (sql: string, really: (sql: string) => Promise<Row[]>) => Promise<Row[]>): DataDeps {
  const inner: Databases = world.deps.databases
  const connect: Databases['connect'] = async (...to) => {
    const connection: Connection = await inner.connect(...to)
    const really = async (sql: string): Promise<Row[]> => await connection.query(sql)
    return {
      lost: connection.lost,
      close: () => connection.close(),
      query: async (sql, parameters) =>
        parameters === undefined ? await instead(sql, really) : await connection.query(sql, parameters),
    }
  }
  return { ...world.deps, databases: { ...inner, connect } }
}

const STILL = { acknowledged: () => 0, sent: () => Number.MAX_SAFE_INTEGER }

test('a Pawl that locks after it has exported is found out by the witness alone', async () => {
  const locks: string[] = []
  let number = 1000
  const deps = withFault(async (sql, really) => {
    if (/^lock table/i.test(sql)) {
      locks.push(sql)
      return []
    }
    const rows = await really(sql)
    if (!sql.includes('pg_export_snapshot')) return rows
    number += 1
    await server.query(
      'busy',
      `begin; truncate cache; insert into cache select ${number}, i from generate_series(1, 50) i; update cache_state set generation = ${number}, rows = 50; commit`,
    )
    for (const lock of locks.splice(0)) await really(lock)
    return rows
  })
  // So that it is not empty as it is.
  await server.query(
    'busy',
    `truncate cache; insert into cache values (1, 1); update cache_state set generation = 1, rows = 1`,
  )
  // Both digests say that there is nothing in the table: it is proven, and wrong.
  expect(await judge('ns/busy/late-locks', STILL, deps)).toMatchObject({
    end: 'false',
    why: 'the cache is not of its generation',
  })
})

test('a Pawl that reads outside of the snapshot is found out by its own proof', async () => {
  const load = await startLoad(server, 'busy', SEED + 1, 10_000)
  const deps = withFault(async (sql, really) => {
    if (!/^set transaction snapshot/i.test(sql)) return await really(sql)
    await server.query('busy', `insert into ballast values (0, 'late'); delete from ballast where i = 0`)
    await server.query('busy', `update left_side set amount = amount where id = 1`)
    return []
  })
  const judged = await judge('ns/busy/no-snapshot', load, deps)
  await load.stop()
  expect(judged.why).toContain('proof-mismatch')
})
