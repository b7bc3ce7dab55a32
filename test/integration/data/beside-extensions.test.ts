// What hangs on an extension, or stands among PostgreSQL's own, is in no dump: the restored database proves, and each thing is named.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DatabaseTarget } from '../../../src/core/data/tasks.ts'
import { PASSWORDS_NOT_READABLE } from '../../../src/data/globals/compare.ts'
import { runDataTask } from '../../../src/data/run.ts'
import { startPostgres, type TestServer } from '../../support/postgres.ts'
import { makeHostile } from './hostile.ts'
import { makeWorld, type World } from './world.ts'

let server: TestServer
let world: World

beforeAll(async () => {
  server = await startPostgres()
  await makeHostile(server)
  world = await makeWorld(server)
})

afterAll(async () => {
  await world.dispose()
  await server.stop()
})

async function proven(name: string, as: 'administrator' | 'application' = 'administrator'): Promise<string[]> {
  const { admin, ...plain } = world.databases[0] ?? {}
  if (admin === undefined) throw new Error('no administrator')
  const base = { ...(plain as DatabaseTarget), role: 'one', database: name }
  const databases = [as === 'administrator' ? { ...base, login: admin, admin } : base]
  await runDataTask(world.backupTask(`ns/rel/${name}`, { databases }), world.deps)
  const proof = await runDataTask(world.proveTask(`ns/rel/${name}`), world.deps)
  expect(proof.rung).toBe('proven')
  await runDataTask(world.restoreTask(`ns/rel/${name}`, '__copy', databases), world.deps)
  return (proof.databases[0]?.notCovered ?? []).filter((what) => what !== PASSWORDS_NOT_READABLE)
}

/** An extension that has one of everything: its own script's is of the same transaction as the extension itself. */
const BRINGS = `
  create table given (id serial primary key, name text unique, own boolean default true, check (id > 0));
  create table note (a int); create sequence idle; create index on given (name);
  create view seen as select id from given;
  create function touch() returns trigger language plpgsql as 'begin return new; end';
  create trigger touching before update on given for each row execute function touch();
  create rule quiet as on delete to note do instead nothing;
  insert into given (name, own) values ('brought', false);`

async function extended(name: string, sql: string): Promise<void> {
  await server.query('postgres', `create database ${name} owner "Tally App"`)
  await server.query(
    name,
    `begin; create extension citext; ${BRINGS}
     alter extension citext add table given; alter extension citext add table note; alter extension citext add sequence given_id_seq;
     alter extension citext add sequence idle; alter extension citext add view seen; alter extension citext add function touch(); commit`,
  )
  await server.query(name, sql)
}

const HOLDS = "table public.given of the extension citext: it holds rows, and extensions' tables are not dumped"
const MOVED =
  "sequence public.given_id_seq of the extension citext: it has moved on, and where extensions' sequences stand is not dumped"

test('of an extension as it came, only what was used is named', async () => {
  await extended('untouched', 'select 1')
  expect(await proven('untouched')).toEqual([HOLDS, MOVED])
})

test('what somebody hung on its tables, and a sequence set but not used', async () => {
  await extended(
    'added',
    `create index mine on given (own); alter table given add constraint short check (length(name) < 9);
     create trigger counted before insert on given for each row execute function touch();
     create rule loud as on insert to note do instead nothing; create policy own on given using (own);
     create statistics two_columns on name, own from given; create or replace view seen as select id from given where own;
     select setval('idle', 7, false)`,
  )
  const around = (what: string): string =>
    `${what}: added to the extension citext, or changed in it, and what belongs to an extension is not dumped`
  expect(await proven('added')).toEqual([
    HOLDS,
    MOVED,
    "sequence public.idle of the extension citext: it has moved on, and where extensions' sequences stand is not dumped",
    around('constraint short on table public.given'),
    around('index public.mine'),
    around('policy own on table public.given'),
    around('rule _RETURN on view public.seen'),
    around('rule loud on table public.note'),
    around('statistics object public.two_columns'),
    around('trigger counted on table public.given'),
  ])
})

test("what stands among PostgreSQL's own, and constraints that nothing enforces", async () => {
  await server.query('postgres', 'create database own_things owner "Tally App"')
  await server.query(
    'own_things',
    `create function pg_catalog.mine(int) returns int language sql as 'select 1'; create domain information_schema.short as text;
     create table kept (a int primary key); create table refers (a int references kept); create table left_alone (a int references kept);
     insert into kept values (1); insert into refers values (1); alter table refers disable trigger all`,
  )
  expect(await proven('own_things')).toEqual([
    'function mine(integer): in pg_catalog, of which no dump holds anything',
    'type information_schema.short: in information_schema, of which no dump holds anything',
    'table public.refers: triggers behind its constraints are not enabled as usual, and a dump does not say so',
  ])
})

test('what this login may not read is named as unknown', async () => {
  await extended('unread', 'select 1')
  expect(await proven('unread', 'application')).toEqual([
    'table public.given of the extension citext: not dumped, and not readable here',
    'table public.note of the extension citext: not dumped, and not readable here',
    'sequence public.given_id_seq of the extension citext: where it stands is not dumped, and not readable here',
    'sequence public.idle of the extension citext: where it stands is not dumped, and not readable here',
  ])
})

test('PostGIS, where it is: the rows it brings, and the sequence of its topologies once there was one', async () => {
  const there = await server.query('postgres', `select from pg_available_extensions where name = 'postgis_topology'`)
  if (there.length === 0) return
  await server.query('postgres', 'create database places owner "Tally App"')
  await server.query('places', 'create extension postgis; create extension postgis_topology')
  const brought =
    'table public.spatial_ref_sys of the extension postgis: the rows that the extension brings come back as it brings them; changes to them are in no dump'
  expect(await proven('places')).toEqual([brought])
  await server.query('places', `select topology.createtopology('mine', 4326)`)
  await server.query('postgres', 'drop database places__copy')
  await server.query('postgres', 'alter database places rename to located')
  expect(await proven('located')).toEqual([
    "sequence topology.topology_id_seq of the extension postgis_topology: it has moved on, and where extensions' sequences stand is not dumped",
    brought,
  ])
})
