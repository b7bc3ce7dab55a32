// The migrations: plain SQL, each in a transaction of its own, recorded in the tables that the real products use.
import { createHash, randomUUID } from 'node:crypto'
import type pg from 'pg'
import { log } from '../../../../examples/tally/app/lib/log.ts'
import { connectPatiently, recorded, type Role } from './database.ts'
import { migrationText, type Context } from './release.ts'

const LOCK = 5_120_117

/** What `onprem-init-db.sh` does: the metadata database becomes the one of this release. Replicas wait for each other. */
export async function runMigrations(context: Context): Promise<void> {
  const client = await connectPatiently('metadata', context)
  try {
    await client.query('SELECT pg_advisory_lock($1)', [LOCK])
    // As db-migrate makes it.
    await client.query(
      'CREATE TABLE IF NOT EXISTS migrations (id serial PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL)',
    )
    await migrate(client, 'metadata', context, async (name) => {
      await client.query('INSERT INTO migrations (name, run_on) VALUES ($1, now())', [`/${name}`])
    })
  } finally {
    await client.end()
  }
}

export async function migrateAiProxy(client: pg.Client, context: Context): Promise<void> {
  // As Prisma makes it.
  await client.query(`CREATE TABLE IF NOT EXISTS _prisma_migrations (
    id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at timestamptz, migration_name varchar(255) NOT NULL,
    logs text, rolled_back_at timestamptz, started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0)`)
  await migrate(client, 'aiproxy', context, async (name, text) => {
    await client.query(
      'INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, applied_steps_count) VALUES ($1, $2, now(), $3, 1)',
      [randomUUID(), createHash('sha256').update(text).digest('hex'), name],
    )
  })
}

async function migrate(
  client: pg.Client,
  role: Role,
  { release }: Context,
  record: (name: string, text: string) => Promise<void>,
): Promise<void> {
  const done = new Set(await recorded(client, role))
  for (const name of release[role].filter((each) => !done.has(`/${each}`))) {
    log(`${role}: ${name}`)
    const text = migrationText(role, name)
    await client.query('BEGIN')
    // A failure ends the process and with it the transaction; what was committed before stays.
    await client.query(text)
    await record(name, text)
    await client.query('COMMIT')
  }
  log(`${role}: at the schema of ${release.appVersion}`)
}
