// A database of a wished size that is shaped like a product's: wide rows, documents, text with odd types, places, large objects,
// and one of each thing that dumps are known to lose. The same size gives the same rows.
import type { TestServer } from '../../support/postgres.ts'

/** COPY text of one row of each, measured; the counts are computed from them. */
const ROW_BYTES = { accounts: 101, docs: 330, texts: 340, places: 162 } as const
/** Of the wished size. Accounts are what pgbench has, and most of it. */
const SHARE = { accounts: 0.43, docs: 0.26, texts: 0.26, places: 0.05 } as const
const LARGE_OBJECT_BYTES = 10_000
const LARGE_OBJECTS_PER_GB = 3_000

type Kind = keyof typeof ROW_BYTES

function rowsOf(kind: Kind, bytes: number): number {
  return Math.max(100, Math.round((bytes * SHARE[kind]) / ROW_BYTES[kind]))
}

const TABLES = `
  create extension hstore; create extension citext; create extension pg_trgm;
  create table branches (bid int primary key, balance int not null);
  create table accounts (aid int primary key, bid int not null references branches, balance int not null, filler char(84) not null);
  create table docs (id bigint generated always as identity primary key, doc jsonb not null);
  create table texts (id int primary key, title citext not null, body text, tags hstore, price numeric(12, 4), ratio float8, ip inet, raw bytea,
    size int, doubled int generated always as (size * 2) stored, gone text);
  alter table texts drop column gone;
  create table places (id int primary key, at point not null, area polygon, label text);
  create table events (at date not null, note text) partition by range (at);
  create table events_2025 partition of events for values from ('2025-01-01') to ('2026-01-01');
  create table events_2026 partition of events for values from ('2026-01-01') to ('2027-01-01');
  create unlogged table cache (k text primary key, v text);
  create table parent (a int); create table child (b int) inherits (parent);
  create table tenants (tenant text, secret text); alter table tenants enable row level security;
  create policy own on tenants using (tenant = current_user);
  create publication everything for table accounts, docs;
  alter default privileges grant select on tables to public;`

function fillSql(bytes: number): string[] {
  return [
    `insert into branches select i, i from generate_series(1, 50) i`,
    `insert into accounts select i, 1 + i % 50, i % 7919 - 3000, '' from generate_series(1, ${rowsOf('accounts', bytes)}) i`,
    `insert into docs (doc) select jsonb_build_object('id', i, 'kind', 'kind ' || i % 17, 'tags', jsonb_build_array(i % 97, 'tag' || i % 83), 'note', null,
      'text', md5(i::text) || ' ' || md5((i * 3)::text) || ' ' || md5((i * 5)::text) || ' ' || md5((i * 7)::text) || ' ' || md5((i * 17)::text) || ' word' || i % 31)
      from generate_series(1, ${rowsOf('docs', bytes)}) i`,
    `insert into texts (id, title, body, tags, price, ratio, ip, raw, size) select i, 'Title ' || i, md5(i::text) || ' ' || md5((i * 11)::text) || ' ' || md5((i * 13)::text) || ' ' || md5((i * 19)::text) || ' lorem ipsum ' || i % 1009, hstore('k' || i % 7, md5(i::text)),
      i * 1.0001, i / 7.0, ('10.' || i % 256 || '.0.1')::inet, decode(md5(i::text) || md5((i + 1)::text), 'hex'), i % 1000 from generate_series(1, ${rowsOf('texts', bytes)}) i`,
    `insert into places select i, point(i % 360 - 180, i % 180 - 90), polygon(box(point(i % 360, i % 90), point(i % 360 + 1.5, i % 90 + 2.25))), repeat(md5(i::text), 3) from generate_series(1, ${rowsOf('places', bytes)}) i`,
    `insert into events select date '2025-01-01' + i % 700, 'note ' || i from generate_series(1, 20000) i`,
    `insert into cache select i::text, md5(i::text) from generate_series(1, 1000) i`,
    `insert into parent select i from generate_series(1, 500) i; insert into child select i, i from generate_series(1, 500) i`,
    `insert into tenants values ('a', 'b')`,
    `select count(lo_from_bytea(0, decode(repeat(md5(i::text), ${LARGE_OBJECT_BYTES / 16}), 'hex'))) from generate_series(1, ${Math.max(10, Math.round((bytes / 1e9) * LARGE_OBJECTS_PER_GB))}) i`,
    `create index on accounts (bid, balance)`,
    `create index on docs using gin (doc jsonb_path_ops)`,
    `create index on texts using gin (body gin_trgm_ops) where size < 20`,
    `create index on texts (title)`,
    `create index on places using gist (at)`,
    `create materialized view kinds as select doc ->> 'kind' as kind, count(*) as n from docs group by 1`,
    // Where it is installed.
    `do $$ begin
      if exists (select from pg_available_extensions where name = 'postgis') then
        create extension postgis;
        create table shapes as select i as id, st_setsrid(st_makepoint(i % 180, i % 90), 4326)::geography as at, st_buffer(st_makepoint(i, i), 2, 2) as area
          from generate_series(1, ${Math.max(100, Math.round(bytes / 10_000))}) i;
        create index on shapes using gist (area);
      end if; end $$`,
  ]
}

export async function makeDataset(server: TestServer, database: string, bytes: number): Promise<void> {
  await server.query('postgres', `create database "${database}"`)
  await server.query(database, TABLES)
  for (const sql of fillSql(bytes)) await server.query(database, sql)
  await server.query(database, 'vacuum analyze')
}
