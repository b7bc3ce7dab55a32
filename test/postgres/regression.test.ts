// PostgreSQL's own regression database through backup, proof and both recoveries, from the kept copy and from the store: every class
// of object is equal, or named under what is not covered.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DatabaseTarget } from '../../src/core/data/tasks.ts'
import { PASSWORDS_NOT_READABLE } from '../../src/data/globals/compare.ts'
import { runDataTask } from '../../src/data/run.ts'
import { makeWorld, type World } from '../integration/data/world.ts'
import { makeRegressionDatabase } from '../support/regression.ts'
import { startPostgres, type TestServer } from '../support/postgres.ts'
import { ROLES } from '../integration/data/hostile.ts'

const SET = 'ns/rel/regression'
let server: TestServer
let world: World
let databases: DatabaseTarget[]

beforeAll(async () => {
  server = await startPostgres({ max_prepared_transactions: '10', max_locks_per_transaction: '256' })
  await server.query('postgres', ROLES)
  world = await makeWorld(server)
  await makeRegressionDatabase(server, 'regression')
  const [base] = world.databases
  if (base?.admin === undefined) throw new Error('no administrator')
  databases = [{ ...base, role: 'regression', database: 'regression', login: base.admin }]
})

afterAll(async () => {
  await world.dispose()
  await server.stop()
})

const RELATION = `c.relpersistence <> 't' and c.relkind <> 't' and c.relnamespace <> 'pg_toast'::regnamespace`
const OF_RELATION = (column: string): string => `${column} in (select c.oid from pg_class c where ${RELATION})`

/** To a family that is not PostgreSQL's own. */
const ADDED = (family: string): string => `(c.oid < 16384 or c.${family} >= 16384)`

/** What of a catalogue comes back; of all others everything does. TOAST is made again only where it is needed. */
const COMES_BACK: Record<string, string> = {
  pg_class: RELATION,
  pg_amop: ADDED('amopfamily'),
  pg_amproc: ADDED('amprocfamily'),
  pg_attribute: `not c.attisdropped and ${OF_RELATION('c.attrelid')}`,
  // A subscription that is dropped leaves its comment.
  pg_description: 'pg_describe_object(c.classoid, c.objoid, c.objsubid) is not null',
  pg_index: OF_RELATION('c.indexrelid'),
  pg_namespace: `c.nspname !~ '^pg_(toast_)?temp_'`,
  pg_operator: 'c.oprcode <> 0',
  pg_type: `c.typnamespace not in (select oid from pg_namespace where nspname ~ '^pg_toast|^pg_temp_')`,
}
/** Told apart by a letter, so that none can stand for another. */
const KINDS: Record<string, string> = {
  pg_class: 'relkind',
  pg_constraint: 'contype',
  pg_proc: 'prokind',
  pg_type: 'typtype',
}
/** Bookkeeping of the server, and the pages of large objects, whose bytes the digest compares. */
const NOT_COUNTED = ['pg_depend', 'pg_largeobject', 'pg_statistic', 'pg_statistic_ext_data']

/** How many there are of every class of object that PostgreSQL has a catalogue for. */
async function classes(database: string): Promise<Record<string, number>> {
  const catalogues = await server.query(
    database,
    `select relname as name from pg_class where relnamespace = 'pg_catalog'::regnamespace and relkind = 'r' and not relisshared`,
  )
  const counts = catalogues
    .map(({ name }) => String(name))
    .filter((name) => !NOT_COUNTED.includes(name))
    .map((name) => {
      const kind = KINDS[name] === undefined ? `''` : `c.${KINDS[name]}::text`
      return `select '${name}' as name, ${kind} as kind, count(*)::int as n from pg_catalog.${name} c where ${COMES_BACK[name] ?? 'true'} group by 2`
    })
  const rows = await server.query(database, counts.join(' union all '))
  return Object.fromEntries(rows.map(({ name, kind, n }) => [`${String(name)} ${String(kind)}`.trim(), Number(n)]))
}

test('everything is equal, or named', async () => {
  const before = await classes('regression')
  expect(Object.keys(before).length).toBeGreaterThan(60)
  const backup = await runDataTask(world.backupTask(SET, { databases }), world.deps)
  expect(backup.databases[0]?.tables).toBeGreaterThan(400)
  const proof = await runDataTask(world.proveTask(SET), world.deps)
  expect(proof.rung).toBe('proven')
  const notCovered = proof.databases
    .flatMap((database) => database.notCovered)
    .filter((what) => what !== PASSWORDS_NOT_READABLE)
  console.log(
    `${backup.databases[0]?.tables} tables, ${backup.databases[0]?.rows} rows; not covered:\n${notCovered.join('\n')}`,
  )
  for (const line of notCovered)
    expect(line).toMatch(/^foreign table |^materialized view |^operator |^function 1 .* family/)
  const [{ undefined: count } = {}] = await server.query(
    'regression',
    'select count(*)::int as undefined from pg_operator where oid >= 16384 and oprcode = 0',
  )
  expect(notCovered.filter((line) => line.endsWith('never defined'))).toHaveLength(Number(count))
  // Five operators and a function, by equivclass.sql.
  expect(notCovered.filter((line) => line.includes("family of PostgreSQL's own"))).toHaveLength(6)
  const expected = backup.databases[0]
  const digests = { regression: expected?.digest ?? '' }
  const swap = async (newSuffix: string, oldSuffix: string): Promise<void> => {
    await runDataTask({ kind: 'swap', databases, newSuffix, oldSuffix, expect: digests }, world.deps)
    expect(await classes('regression')).toEqual(before)
    const again = await runDataTask(world.backupTask(`${SET}${oldSuffix}`, { databases }), world.deps)
    expect(again.databases[0]).toMatchObject({ digest: expected?.digest, rows: expected?.rows })
  }
  // What a migration that went wrong leaves behind.
  const spoil = async (): Promise<void> => {
    await server.query('regression', `drop table onek cascade; delete from tenk1 where unique1 < 5000`)
    expect(await classes('regression')).not.toEqual(before)
  }
  // The copy is made beforehand and kept: there is nothing left to do but to exchange the names.
  await runDataTask(world.restoreTask(SET, '__kept', databases), world.deps)
  await spoil()
  await swap('__kept', '__spoilt')
  // And from the store, when it is needed.
  await spoil()
  await runDataTask(world.restoreTask(SET, '__new', databases), world.deps)
  await swap('__new', '__spoilt_too')
})
