// Single facts of a database that more than one task asks for.
import { createHash } from 'node:crypto'
import type { Standing } from '../core/data/standing.ts'
import type { DatabaseTarget } from '../core/data/tasks.ts'
import type { Connection } from '../ports/database.ts'
import { one, text } from './session.ts'
import { readSequences } from './sequences.ts'
import { FILES, FINGERPRINT, WRITE_COUNTER } from './sql/catalogue.ts'
import { identifier, literal, qualified } from './sql/text.ts'

export async function readWriteCounter(connection: Connection): Promise<string> {
  return text(one(await connection.query(WRITE_COUNTER)), 'counter')
}

export async function readSize(connection: Connection): Promise<number> {
  return Number(
    text(one(await connection.query('select pg_database_size(current_database())::text as bytes')), 'bytes'),
  )
}

function hashOf(lines: readonly string[]): string {
  const hash = createHash('sha256')
  for (const line of lines) hash.update(`${line}\n`)
  return hash.digest('hex')
}

async function linesOf(connection: Connection, sql: string): Promise<string[]> {
  return (await connection.query(sql)).map((row) => text(row, 'line'))
}

/** Two of them can be compared when the same login has read both: a sequence that it may not read is left out. */
export async function readStanding(connection: Connection): Promise<Standing> {
  const sequences = await readSequences(connection, 'readable')
  return {
    writeCounter: await readWriteCounter(connection),
    schemaFingerprint: hashOf(await linesOf(connection, FINGERPRINT)),
    placement: hashOf([
      ...(await linesOf(connection, FILES)),
      ...sequences.map(({ sequence, position }) => `${sequence} ${position}`),
    ]),
  }
}

/** `schema.table` -> both parts; a bare name is in `public`. */
export function migrationsTable(table: string): { schema: string; name: string } {
  const at = table.indexOf('.')
  return at < 0 ? { schema: 'public', name: table } : { schema: table.slice(0, at), name: table.slice(at + 1) }
}

/**
 * Names in the order of the table's primary key where that counts or tells the time, by name where it does not (Prisma's is drawn at
 * random), as they lie where there is none; undefined where there is no such table or column.
 */
export async function readMigrations(
  connection: Connection,
  migrations: DatabaseTarget['migrations'],
): Promise<string[] | undefined> {
  const { schema, name } = migrationsTable(migrations.table)
  const found = await connection.query(
    `select c.oid::text as oid,
       (select case when count(*) = 0 then null
                    when bool_and(y.typcategory in ('N', 'D'))
                      then string_agg(format('t.%I', a.attname), ', ' order by array_position(i.indkey::int2[], a.attnum))
                    else format('t.%I', ${literal(migrations.column)}) end
        from pg_index i join pg_attribute a on a.attrelid = c.oid and a.attnum = any (i.indkey)
          join pg_type y on y.oid = a.atttypid
        where i.indrelid = c.oid and i.indisprimary) as key
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = ${literal(schema)} and c.relname = ${literal(name)} and c.relkind in ('r', 'p')
       and exists (select 1 from pg_attribute b where b.attrelid = c.oid and b.attname = ${literal(migrations.column)} and not b.attisdropped)`,
  )
  const row = found[0]
  if (row === undefined) return undefined
  const order = row['key'] ?? 't.ctid'
  const rows = await connection.query(
    `select t.${identifier(migrations.column)}::text as name from ${qualified(schema, name)} t order by ${order}`,
  )
  return rows.flatMap((entry) => (typeof entry['name'] === 'string' ? [entry['name']] : []))
}
