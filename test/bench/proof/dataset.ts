// A database of a wished size that is shaped like a product's: wide rows, documents, text with odd types, places, large objects,
// and one of each thing that dumps are known to lose. The same size gives the same rows.
import type { TestServer } from '../../support/postgres.ts'

/** Rows for each MB of COPY text: as many as `pgbench -s 50` and a product beside it have in 1,134 MB, and as wide as that makes them. */
const ROWS_PER_MB = { accounts: 4409, docs: 529, texts: 441, places: 176, largeObjects: 2.65 } as const
const LARGE_OBJECT_BYTES = 10_000
const MB = 1_000_000

function rowsOf(kind: keyof typeof ROWS_PER_MB, bytes: number): number {
  return Math.max(10, Math.round((bytes / MB) * ROWS_PER_MB[kind]))
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

/** As often as they are in English: gzip's work is to look for what two places have in common, and random letters have little. */
const LETTERS = 'eeeeeeeeeeeetttttttttaaaaaaaaooooooooiiiiiiinnnnnnnssssssrrrrrrhhhhhhddddllllcccuuummmwwffggyyppbbvk'

/**
 * Sentences to put texts together from: 16,384 of them, more than the window of gzip holds, out of 2,048 words of which some are
 * frequent and short and most are rare, as in any language.
 */
const SENTENCES = `
  create temp table word as
    select n, string_agg(substr('${LETTERS}', 1 + get_byte(decode(md5(n || 'w'), 'hex'), k) * ${LETTERS.length} / 256, 1), '') as t
    from generate_series(0, 2047) n, generate_series(0, 9) k where k < 2 + ln(n + 1) group by n;
  create temp table sentence as select s as n, string_agg(t, ' ' order by k) as t
    from generate_series(0, 16383) s, generate_series(1, 8) k
      join lateral (select (2047 * power(get_byte(decode(md5(s || ' ' || k), 'hex'), k) / 256.0
        + get_byte(decode(md5(s || ' ' || k), 'hex'), 0) / 65536.0, 3))::int as n) picked on true
      join word using (n) group by s;
  create index on sentence (n); analyze sentence;`

/** A sentence for row `i`, another one for each `salt`. */
const sentence = (salt: number): string =>
  `(select t from sentence where n = (i::bigint * ${2 * salt + 7919} + ${salt * 977}) % 16384)`

function fillSql(bytes: number): string[] {
  return [
    `insert into branches select i, i from generate_series(1, 50) i`,
    `insert into accounts select i, 1 + i % 50, i % 7919 - 3000, '' from generate_series(1, ${rowsOf('accounts', bytes)}) i`,
    `${SENTENCES} insert into docs (doc) select jsonb_build_object('id', i, 'kind', 'kind ' || i % 17, 'tags', jsonb_build_array(i % 97, 'tag' || i % 83),
      'note', null, 'key', md5(i::text), 'text', concat_ws('. ', ${[1, 2, 3, 4, 5].map(sentence).join(', ')}))
      from generate_series(1, ${rowsOf('docs', bytes)}) i`,
    `${SENTENCES} insert into texts (id, title, body, tags, price, ratio, ip, raw, size) select i, 'Title ' || i, concat_ws('. ', ${[6, 7, 8, 9, 10, 11].map(sentence).join(', ')}),
      hstore('k' || i % 7, md5(i::text)), i * 1.0001, i / 7.0, ('10.' || i % 256 || '.0.1')::inet, decode(md5(i::text) || md5((i + 1)::text), 'hex'), i % 1000
      from generate_series(1, ${rowsOf('texts', bytes)}) i`,
    `insert into places select i, point(i % 360 - 180, i % 180 - 90), polygon(box(point(i % 360, i % 90), point(i % 360 + 1.5, i % 90 + 2.25))), repeat(md5(i::text), 3)
      from generate_series(1, ${rowsOf('places', bytes)}) i`,
    `insert into events select date '2025-01-01' + i % 700, 'note ' || i from generate_series(1, 20000) i`,
    `insert into cache select i::text, md5(i::text) from generate_series(1, 1000) i`,
    `insert into parent select i from generate_series(1, 500) i; insert into child select i, i from generate_series(1, 500) i`,
    `insert into tenants values ('a', 'b')`,
    `select count(lo_from_bytea(0, decode(repeat(md5(i::text), ${LARGE_OBJECT_BYTES / 16}), 'hex'))) from generate_series(1, ${rowsOf('largeObjects', bytes)}) i`,
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
          from generate_series(1, ${Math.round(rowsOf('places', bytes) / 2)}) i;
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
