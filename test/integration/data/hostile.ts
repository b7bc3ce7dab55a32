// Databases with everything in them that has ever been lost, reordered or re-owned by a dump and restore.
import type { TestServer } from '../../support/postgres.ts'

export const APP = { user: 'Tally App', password: 'canary-App-c01d77' }
export const WRITER = { user: 'reader-ro', password: 'canary-Reader-5e5e5e' }

export const ROLES = `
  create role "Tally App" login createdb password '${APP.password}';
  create role "reader-ro" login password '${WRITER.password}';
  create role auditors nologin;
  grant auditors to "reader-ro";
`

/** Run in the first database as superuser; the owner is the application. */
export const LEDGER = `
  set role "Tally App";
  create schema "Mixed Case";
  create type mood as enum ('sad', 'ok', 'happy');
  create domain positive as int check (value > 0);
  create type address as (street text, "Number" int, tags text[]);
  create table "Mixed Case"."Weird ""Table""" (
    "Id" int generated always as identity primary key, "select" text not null default 'x''y', "ünïcode" text, mood mood, size positive,
    home address, doc jsonb, tags text[], matrix int[][], bits bytea, price numeric(20, 6), big numeric, at timestamptz default now(),
    span interval, day date, uid uuid default gen_random_uuid(), ip inet, real8 float8, real4 float4, range int4range, search tsvector,
    doubled int generated always as (size * 2) stored, x xml, bit5 bit(5), cash money
  );
  insert into "Mixed Case"."Weird ""Table""" ("select", "ünïcode", mood, size, home, doc, tags, matrix, bits, price, big, span, day, ip, real8, real4, range, search, bit5, cash)
  select 'row ' || i || E'\\n\\t\\\\ "quoted"', case i % 4 when 0 then null when 1 then '日本語 текст' when 2 then '' else 'ßeta' || i end,
    (array['sad', 'ok', 'happy']::mood[])[1 + i % 3], i, row('Straße ' || i, i, array['a', null, 'c,d'])::address,
    jsonb_build_object('n', i, 'nested', jsonb_build_array(1.0, 1.00, null, 'é')), array['', null, 'a"b', '{}'], array[[i, 2], [3, 4]],
    decode(md5(i::text), 'hex'), i * 1.000001, ('1e' || (i % 50))::numeric, make_interval(days => i), date '2026-01-01' + i,
    ('10.0.' || i % 256 || '.1/24')::inet, case i % 5 when 0 then 'NaN' when 1 then '-0' when 2 then 'Infinity' else '0.1' end::float8,
    random()::float4, int4range(i, i + 5), to_tsvector('simple', 'word' || i), b'10101', '12.34'::numeric::money
  from generate_series(1, 3000) i;
  create table measurements (id bigserial, at timestamptz not null, kind text not null, value float8, primary key (id, at, kind)) partition by range (at);
  create table measurements_2025 partition of measurements for values from ('2025-01-01') to ('2026-01-01');
  create table measurements_2026 partition of measurements for values from ('2026-01-01') to ('2027-01-01') partition by list (kind);
  create table measurements_2026_a partition of measurements_2026 for values in ('a');
  create table measurements_2026_rest partition of measurements_2026 default;
  insert into measurements (at, kind, value) select timestamptz '2025-06-01' + i * interval '2 hours', chr(97 + i % 3), i / 3.0 from generate_series(1, 5000) i;
  create table parent (a int, b text); create table child (c int) inherits (parent);
  insert into parent select i, 'p' from generate_series(1, 50) i; insert into child select i, 'c', i from generate_series(1, 60) i;
  create unlogged table cache (k text primary key, v jsonb); insert into cache select i::text, '{"a": 1}' from generate_series(1, 100) i;
  create table empty_table (a int, b text); create table no_columns (); insert into no_columns default values; insert into no_columns default values;
  create table dropped_column (a int, gone text, b text); insert into dropped_column select i, 'g', 'b' from generate_series(1, 40) i;
  alter table dropped_column drop column gone; alter table dropped_column add column added int default 7;
  create table duplicates (t text); insert into duplicates select 'same' from generate_series(1, 500);
  create table deliveries (id bigserial primary key, note text not null, at timestamptz not null default now());
  insert into deliveries (note) select 'delivery ' || i from generate_series(1, 2000) i;
  create index on deliveries (lower(note)); create unique index on deliveries (id) where note like 'd%';
  create table "references" (id int primary key, delivery bigint references deliveries (id) deferrable initially deferred, self int references "references" (id));
  insert into "references" select i, i, case when i > 1 then i - 1 end from generate_series(1, 100) i;
  create materialized view totals as select kind, count(*) as n, sum(value) as total from measurements group by kind;
  create materialized view never_filled as select 1 as one with no data;
  create view recent as select * from deliveries where id > 10;
  create table secrets_of (tenant text, value text); insert into secrets_of values ('a', 'one'), ('b', 'two');
  alter table secrets_of enable row level security;
  create policy tenant_only on secrets_of for select to "reader-ro" using (tenant = current_setting('app.tenant', true));
  grant select on secrets_of, deliveries to "reader-ro", auditors; grant usage on schema "Mixed Case" to auditors with grant option;
  alter default privileges in schema public grant select on tables to auditors;
  create sequence counting_down increment -5 minvalue -1000000 maxvalue 100 start 100; select nextval('counting_down'), nextval('counting_down');
  create sequence untouched start 42; create sequence cycling minvalue 1 maxvalue 3 cycle; select nextval('cycling') from generate_series(1, 4);
  create function touch() returns trigger language plpgsql as $$ begin new.note := new.note; return new; end $$;
  create trigger touch before update on deliveries for each row execute function touch();
  comment on table deliveries is E'it''s a "comment"\\nwith two lines';
  create table migrations (id serial primary key, name text not null, run_on timestamp not null);
  insert into migrations (name, run_on) values ('/20260101-one', now()), ('/20260201-two', now()), ('/20260115-late', now());
  do $$ declare o oid; begin for i in 1..20 loop o := lo_from_bytea(0, decode(repeat(md5(i::text), i * 100), 'hex')); perform 1; end loop; perform lo_create(0); end $$;
  select setval('deliveries_id_seq', 2000);
  reset role;
`

export const AI = `
  set role "Tally App";
  create table prompts (id int primary key, text text); insert into prompts select i, repeat('prompt ', i % 20) from generate_series(1, 1500) i;
  create table schema_migrations (version text primary key); insert into schema_migrations values ('001'), ('002');
  reset role;
`

/** Two databases with names that need quoting, both owned by the application. */
export async function makeHostile(server: TestServer): Promise<void> {
  await server.query('postgres', ROLES)
  await server.query('postgres', 'create database "Ledger db" owner "Tally App"')
  await server.query('postgres', 'create database ai_db owner "Tally App"')
  await server.query('postgres', `alter database "Ledger db" set app.tenant to 'a b''c'`)
  await server.query('postgres', `alter database "Ledger db" set search_path to public, "Mixed Case"`)
  await server.query('postgres', `alter role "reader-ro" in database "Ledger db" set statement_timeout to '5s'`)
  await server.query(
    'postgres',
    `grant connect, temporary on database "Ledger db" to "reader-ro"; revoke all on database "Ledger db" from public`,
  )
  await server.query('postgres', `alter database "Ledger db" connection limit 50`)
  await server.query('Ledger db', LEDGER)
  await server.query('ai_db', AI)
}
