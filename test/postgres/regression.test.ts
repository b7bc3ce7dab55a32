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

/** How many there are of each class of object. No `||`: the suite leaves operators of that name behind. */
async function classes(database: string): Promise<unknown> {
  return await server.query(
    database,
    `
    select format('relation %s %s', relkind, relpersistence) as what, count(*)::int as n from pg_class
      where relnamespace not in (select oid from pg_namespace where nspname ~ '^pg_|^information_schema$') and relpersistence <> 't' group by 1
    union all select 'function', count(*)::int from pg_proc where oid >= 16384
    union all select format('type %s', typtype), count(*)::int from pg_type where oid >= 16384 and typnamespace not in (select oid from pg_namespace where nspname ~ '^pg_(toast_)?temp') group by 1
    union all select 'rule', count(*)::int from pg_rewrite where oid >= 16384 union all select 'trigger', count(*)::int from pg_trigger where not tgisinternal
    union all select 'policy', count(*)::int from pg_policy union all select 'operator', count(*)::int from pg_operator where oid >= 16384 and oprcode <> 0
    union all select format('constraint %s', contype), count(*)::int from pg_constraint where oid >= 16384 group by 1
    union all select 'statistics', count(*)::int from pg_statistic_ext union all select 'large object', count(*)::int from pg_largeobject_metadata
    union all select 'publication', count(*)::int from pg_publication union all select 'foreign server', count(*)::int from pg_foreign_server
    order by 1`,
  )
}

test('everything is equal, or named', async () => {
  const before = await classes('regression')
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
  for (const line of notCovered) expect(line).toMatch(/^foreign table |^materialized view |^operator /)
  const [{ undefined: count } = {}] = await server.query(
    'regression',
    'select count(*)::int as undefined from pg_operator where oid >= 16384 and oprcode = 0',
  )
  expect(notCovered.filter((line) => line.startsWith('operator '))).toHaveLength(Number(count))
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
