// The floor as a row in its own schema: reading and writing it over one connection.
import { FLOOR_SCHEMA, FLOOR_TABLE, type DatabaseFloor, type WantedFloor } from '../../core/floor/floor.ts'
import { PawlError } from '../../core/errors.ts'
import type { Connection } from '../../ports/database.ts'
import { one, text } from '../session.ts'
import { literal, qualified } from '../sql/text.ts'

const TABLE = qualified(FLOOR_SCHEMA, FLOOR_TABLE)
const NOTE =
  'Made by Pawl: which release the schema of this database belongs to. No part of the product, and left out of the backups of Pawl.'

/** Settings that this work depends on; the server is asked little and answers at once, or something is wrong. */
export const FLOOR_SETTINGS = {
  search_path: '',
  statement_timeout: '20s',
  lock_timeout: '10s',
  timezone: 'UTC',
  default_transaction_read_only: 'off',
}

/** Null where there is none. */
export async function readFloor(connection: Connection): Promise<DatabaseFloor | null> {
  const there = one(await connection.query(`select to_regclass(${literal(TABLE)})::text as found`))
  if (there['found'] === null) return null
  const rows = await connection.query(
    `select product, release, app_version, floor, run, recovery_epoch::text,
       to_char(written_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at from ${TABLE}`,
  )
  const [row] = rows
  if (row === undefined) return null
  return {
    product: text(row, 'product'),
    release: text(row, 'release'),
    appVersion: text(row, 'app_version'),
    floor: text(row, 'floor'),
    run: text(row, 'run'),
    recoveryEpoch: Number(text(row, 'recovery_epoch')),
    at: text(row, 'at'),
  }
}

/** Whoever dumps the whole database must be able to read all of it: nothing in here is a secret. */
const READABLE = [
  `grant usage on schema ${FLOOR_SCHEMA} to public`,
  `grant select on ${TABLE} to public`,
  `comment on schema ${FLOOR_SCHEMA} is ${literal(NOTE)}`,
]

/** In the caller's transaction. `create ... if not exists` asks for the right to create even where there is nothing to create. */
export async function writeFloor(connection: Connection, wanted: WantedFloor): Promise<void> {
  const place = one(
    await connection.query(
      `select to_regnamespace(${literal(FLOOR_SCHEMA)})::text as schema, to_regclass(${literal(TABLE)})::text as found`,
    ),
  )
  if (place['schema'] === null) await connection.query(`create schema ${FLOOR_SCHEMA}`)
  if (place['found'] === null) {
    await connection.query(`create table ${TABLE} (
      only_row boolean primary key default true check (only_row),
      product text not null, release text not null, app_version text not null, floor text not null, run text not null,
      recovery_epoch bigint not null, written_at timestamptz not null default clock_timestamp())`)
    for (const statement of READABLE) await connection.query(statement)
  }
  const { product, release, appVersion, floor, run, recoveryEpoch } = wanted
  await connection.query(
    `insert into ${TABLE} (product, release, app_version, floor, run, recovery_epoch) values ($1, $2, $3, $4, $5, $6)
     on conflict (only_row) do update set product = excluded.product, release = excluded.release, app_version = excluded.app_version,
       floor = excluded.floor, run = excluded.run, recovery_epoch = excluded.recovery_epoch, written_at = excluded.written_at`,
    [product, release, appVersion, floor, run, String(recoveryEpoch)],
  )
}

/** A publication of all tables takes ours in as well, and breaks at a subscriber that has no such table. */
export async function publishedEverywhere(connection: Connection): Promise<string | undefined> {
  const rows = await connection.query(
    'select pubname as name from pg_publication where puballtables order by 1 limit 1',
  )
  return rows[0] === undefined ? undefined : text(rows[0], 'name')
}

/** Two writers one after the other: whoever comes second sees what the first has written. */
export async function lockFloor(connection: Connection): Promise<void> {
  await connection.query(`select pg_advisory_xact_lock(hashtextextended(${literal(TABLE)}, 0))`)
}

export async function removeFloor(connection: Connection): Promise<void> {
  await connection.query(`drop table if exists ${TABLE}`)
  await connection.query(`drop schema if exists ${FLOOR_SCHEMA}`)
}

/** What else lies in the schema would be in no backup. Throws `backup-failed`. */
export async function onlyFloorInside(connection: Connection): Promise<void> {
  const rows = await connection.query(`
    select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = ${literal(FLOOR_SCHEMA)} and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and c.relname <> ${literal(FLOOR_TABLE)}
    union all
    select format('%I.%I()', n.nspname, p.proname) from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where n.nspname = ${literal(FLOOR_SCHEMA)} order by 1 limit 5`)
  if (rows.length === 0) return
  const names = rows.map((row) => text(row, 'name'))
  throw new PawlError({
    code: 'backup-failed',
    message: `the schema ${FLOOR_SCHEMA} is Pawl's own and in no backup, but it holds ${names.join(', ')}`,
    hint: `Move what the message names into another schema, then repeat.`,
    facts: { names },
  })
}
