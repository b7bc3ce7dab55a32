// What a digest must see, and what it must not, on one server: the machine's own, and each major's.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DatabaseTarget } from '../../../../src/core/data/tasks.ts'
import { runDataTask } from '../../../../src/data/run.ts'
import { connectionTarget, pins } from '../../../../src/data/session.ts'
import type { Connection } from '../../../../src/ports/database.ts'
import { startPostgres, type TestServer } from '../../../support/postgres.ts'
import { ROLES } from '../hostile.ts'
import { makeWorld, openRestored, type World } from '../world.ts'
import { DIFFERENT, MAKE, POSTGIS, SAME, type Pair } from './pairs.ts'
import { digestsOf, makePairs, wrongPairs, type Digests } from './tables.ts'
import { typesOf, type Types } from './types.ts'

const NAME = 'pairs'
/** Of the database: each would change how some value or name is written or read, if Pawl's sessions and programs did not set it. */
const ODD_SETTINGS: Record<string, string> = {
  array_nulls: 'off',
  bytea_output: 'escape',
  datestyle: 'German',
  default_transaction_read_only: 'on',
  extra_float_digits: '-15',
  intervalstyle: 'iso_8601',
  quote_all_identifiers: 'on',
  search_path: 'other',
  standard_conforming_strings: 'off',
  statement_timeout: '1',
  timezone: 'Asia/Kolkata',
  transform_null_equals: 'on',
  xmloption: 'document',
}

export interface OnServer {
  server: TestServer
  connect: () => Promise<Connection>
}

/** Defines the tests; gives the server that they run on, once they do. `ways` is how each type is put into a column. */
export function digestSuite(
  major: number,
  ways: 'alone' | 'every way',
  programs: () => Promise<string | undefined>,
): () => OnServer {
  let server: TestServer
  let world: World
  let types: Types
  let postgis: readonly Pair[] = []
  let live: Digests

  beforeAll(async () => {
    const bin = await programs()
    server = await startPostgres({ max_locks_per_transaction: '256' }, bin)
    await server.query('postgres', ROLES)
    await server.query('postgres', `create database ${NAME}`)
    await server.query(NAME, MAKE)
    types = await typesOf(server, ways)
    await makePairs(server, NAME, 'type', types.pairs)
    await makePairs(server, NAME, 'different', DIFFERENT)
    await makePairs(server, NAME, 'same', SAME)
    if ((await server.query(NAME, `select from pg_available_extensions where name = 'postgis'`)).length > 0) {
      postgis = POSTGIS
      await server.query(NAME, 'create extension postgis')
      await makePairs(server, NAME, 'shape', POSTGIS)
    }
    for (const [name, value] of Object.entries(ODD_SETTINGS)) {
      await server.query('postgres', `alter database ${NAME} set ${name} to '${value}'`)
    }
    world = await makeWorld(server, bin)
    live = await digestsOf(() => connect(NAME), major)
  })

  afterAll(async () => {
    await world.dispose()
    await server.stop()
  })

  /** All of it belongs to the administrator. */
  function databases(): DatabaseTarget[] {
    const [base] = world.databases
    if (base?.admin === undefined) throw new Error('no administrator')
    return [{ ...base, role: 'pairs', database: NAME, login: base.admin }]
  }

  async function connect(database: string): Promise<Connection> {
    const [target] = databases()
    if (target === undefined) throw new Error('no database')
    const to = await connectionTarget(world.deps, target, target.login, database)
    return await world.deps.databases.connect(to, pins(major))
  }

  test(`every type that a column may have, ${ways === 'alone' ? ways : 'alone, in an array, behind a domain and in a composite'}`, () => {
    expect(types.unknown).toEqual([])
    expect(types.pairs.length).toBeGreaterThan(ways === 'alone' ? 60 : 300)
    expect(wrongPairs(live, 'type', types.pairs)).toEqual([])
  })

  test('tables that are nearly equal', () => {
    expect(wrongPairs(live, 'different', DIFFERENT)).toEqual([])
    expect(wrongPairs(live, 'shape', postgis)).toEqual([])
  })

  test('tables that only look different', () => {
    expect(wrongPairs(live, 'same', SAME, true)).toEqual([])
  })

  test('a copy that was dumped and restored has the same digest of every table', async () => {
    const set = 'ns/rel/pairs'
    await runDataTask(world.backupTask(set, { databases: databases() }), world.deps)
    await runDataTask(world.restoreTask(set, '__copy', databases()), world.deps)
    await openRestored(server, `${NAME}__copy`)
    expect(await digestsOf(() => connect(`${NAME}__copy`), major)).toEqual(live)
  })

  return () => ({ server, connect: () => connect(NAME) })
}
