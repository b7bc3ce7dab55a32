// One object of every class that a database may hold: the whole comes back equal, and each that a restore loses or changes is noticed.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DatabaseTarget } from '../../../src/core/data/tasks.ts'
import { isPawlError } from '../../../src/core/errors.ts'
import type { DataDeps } from '../../../src/data/deps.ts'
import { runDataTask } from '../../../src/data/run.ts'
import { startPostgres, type TestServer } from '../../support/postgres.ts'
import { makeHostile } from './hostile.ts'
import { makeWorld, type World } from './world.ts'

const SET = 'ns/rel/classes'
const NAME = 'Ledger db'
let server: TestServer
let world: World

beforeAll(async () => {
  server = await startPostgres({ wal_level: 'logical' })
  await makeHostile(server)
  await server.query(
    NAME,
    `create extension hstore; create extension citext; create publication everything for table deliveries;
     create table member (a int); insert into member values (1); alter extension citext add table member;
     create materialized view moment as select clock_timestamp() as at;
     create collation german (provider = icu, locale = 'de'); create table sorted (a text collate german unique); insert into sorted values ('a');`,
  )
  await server.query(NAME, "select lo_from_bytea(7001, 'mine'); grant select on large object 7001 to auditors")
  world = await makeWorld(server)
  await runDataTask(world.backupTask(SET, { databases: databases() }), world.deps)
})

afterAll(async () => {
  await world.dispose()
  await server.stop()
})

function databases(): DatabaseTarget[] {
  const [base] = world.databases
  if (base?.admin === undefined) throw new Error('no administrator')
  return [{ ...base, login: base.admin }]
}

const LOST = '__lost'

/** A restore after which the copy is changed, before anybody compares it: the dump is removed in between. */
function losing(sql: string): DataDeps {
  const workDirs: DataDeps['workDirs'] = {
    ...world.deps.workDirs,
    async make() {
      const work = await world.deps.workDirs.make()
      return {
        ...work,
        async remove(name) {
          await work.remove(name)
          if (name.startsWith('archive-') && !name.includes('/')) await server.query(NAME + LOST, sql)
        },
      }
    },
  }
  return { ...world.deps, workDirs }
}

test('all of them come back equal; what no dump holds, and what is computed anew, is named', async () => {
  const { databases: restored } = await runDataTask(world.restoreTask(SET, '__whole', databases()), world.deps)
  expect(restored[0]?.notCovered).toEqual([
    "table public.member of the extension citext: it holds rows, and extensions' tables are not dumped",
    'materialized view public.moment: computed anew, 1 rows instead of 1 or other content',
  ])
})

async function errorAfter(sql: string) {
  try {
    await runDataTask(world.restoreTask(SET, LOST, databases()), losing(sql))
  } catch (error) {
    if (isPawlError(error)) return error
    throw error
  }
  throw new Error('nothing was noticed')
}

/** Each in a table of its own, so that one restore shows that every one of them is noticed. */
const ROWS: [string, string, string][] = [
  [
    'a row of a leaf partition',
    'delete from measurements_2026_a where id = (select min(id) from measurements_2026_a)',
    'public.measurements_2026_a',
  ],
  ['a row of a parent, not of its children', 'delete from only parent where a = 1', 'public.parent'],
  ['a row of a child', 'update child set c = 0 where a = 1', 'public.child'],
  ['an unlogged table', 'truncate cache', 'public.cache'],
  [
    'a row of a table without columns',
    'delete from no_columns where ctid = (select min(ctid) from no_columns)',
    'public.no_columns',
  ],
  [
    'one of many equal rows',
    'delete from duplicates where ctid = (select min(ctid) from duplicates)',
    'public.duplicates',
  ],
  [
    'null for an empty text',
    `update "Mixed Case"."Weird ""Table""" set "ünïcode" = null where "Id" = 2`,
    '"Mixed Case"."Weird ""Table"""',
  ],
  ['a value behind a dropped column', 'update dropped_column set added = 8 where a = 1', 'public.dropped_column'],
  ['a row that row security hides from others', `delete from secrets_of where tenant = 'b'`, 'public.secrets_of'],
  ['the bytes of a large object', `select lo_put(7001, 0, 'm1ne')`, 'pg_largeobject'],
]

test('rows of every class of table: each loss is named', async () => {
  const error = await errorAfter(ROWS.map(([, sql]) => sql).join(';'))
  expect(error.code).toBe('proof-mismatch')
  const tables = (error.facts['tables'] as { table: string }[]).map(({ table }) => table)
  for (const [what, , table] of ROWS) expect(tables, what).toContain(table)
  expect(tables).toHaveLength(ROWS.length)
})

test.each([
  ['a large object', 'select lo_unlink(7001)', { table: 'pg_largeobject' }],
  ['the owner of a large object', 'alter large object 7001 owner to "Tally App"', { table: 'pg_largeobject' }],
  ['a right on a large object', 'revoke select on large object 7001 from auditors', { table: 'pg_largeobject' }],
  ['where a sequence stands', `select setval('deliveries_id_seq', 1)`, { sequence: 'public.deliveries_id_seq' }],
  ['a materialized view that was filled', 'refresh materialized view totals with no data', { table: 'public.totals' }],
  ['an extension', 'drop extension hstore', {}],
  ['a column that counts by itself', 'alter table "Mixed Case"."Weird ""Table""" alter "Id" drop identity', {}],
])('%s is noticed', async (_, sql, facts) => {
  expect(await errorAfter(sql)).toMatchObject({ code: 'proof-mismatch', facts })
})

/** What the structure is, by the heading of its entry in a dump. */
const AROUND: [string, string, string][] = [
  ['a comment', 'comment on table deliveries is null', 'TABLE deliveries; Type: COMMENT'],
  ['a policy', 'drop policy tenant_only on secrets_of', 'secrets_of tenant_only; Type: POLICY'],
  ['row security', 'alter table secrets_of disable row level security', 'secrets_of; Type: ROW SECURITY'],
  ['a publication', 'drop publication everything', 'everything; Type: PUBLICATION;'],
  [
    'default rights',
    'alter default privileges for role "Tally App" in schema public revoke select on tables from auditors',
    'Type: DEFAULT ACL',
  ],
  ['a right on a table', 'revoke select on deliveries from auditors', 'TABLE deliveries; Type: ACL'],
  ['an owner', 'alter table no_columns owner to postgres', 'Name: no_columns; Type: TABLE'],
  ['an index', 'drop index deliveries_lower_idx', 'deliveries_lower_idx; Type: INDEX'],
  [
    'a foreign key',
    'alter table "references" drop constraint references_self_fkey',
    'references_self_fkey; Type: FK CONSTRAINT',
  ],
  ['a trigger', 'drop trigger touch on deliveries', 'deliveries touch; Type: TRIGGER'],
  ['a default', 'alter table dropped_column alter added drop default', 'Name: dropped_column; Type: TABLE'],
  [
    'a generated column',
    'alter table "Mixed Case"."Weird ""Table""" alter doubled drop expression',
    'Weird "Table"; Type: TABLE',
  ],
  ['an inheritance', 'alter table child no inherit parent', 'Name: child; Type: TABLE'],
  [
    'a partition',
    'alter table measurements detach partition measurements_2025',
    'measurements_2025; Type: TABLE ATTACH',
  ],
  ['a collation', 'alter table sorted alter a type text collate "C"', 'Name: sorted; Type: TABLE'],
  ['a view', 'drop view recent', 'recent; Type: VIEW'],
  ['whether a table is logged', 'alter table cache set logged', 'Name: cache; Type: TABLE'],
]

/** An error names five entries at most. */
const AT_ONCE = 4
const groups = Array.from({ length: Math.ceil(AROUND.length / AT_ONCE) }, (_, at) =>
  AROUND.slice(at * AT_ONCE, (at + 1) * AT_ONCE),
)

test.each(groups.map((group) => [group.map(([what]) => what).join(', '), group] as const))(
  'structure: %s are noticed',
  async (_, group) => {
    const error = await errorAfter(group.map(([, sql]) => sql).join(';'))
    expect(error.code).toBe('proof-mismatch')
    const entries = [...(error.facts['missing'] as string[]), ...(error.facts['unexpected'] as string[])]
    for (const [what, , heading] of group) expect(entries, what).toContainEqual(expect.stringContaining(heading))
  },
)

test('a generated column whose expression is not the same everywhere is named as such', async () => {
  await server.query('postgres', 'create database elsewhere')
  await server.query(
    'elsewhere',
    `create function here() returns text language sql immutable as 'select pg_catalog.current_database()::text';
     create table t (a int, place text generated always as (here()) stored); insert into t values (1)`,
  )
  const only = databases().map((database) => ({ ...database, database: 'elsewhere' }))
  await runDataTask(world.backupTask('ns/rel/elsewhere', { databases: only }), world.deps)
  const error = await runDataTask(world.proveTask('ns/rel/elsewhere'), world.deps).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({
    code: 'proof-mismatch',
    facts: { table: 'public.t' },
    message: expect.stringContaining('generated columns'),
  })
})
