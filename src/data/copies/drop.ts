// Dropping a database that Pawl made beside a live one, subscriptions in it included.
import type { DatabaseTarget } from '../../core/data/tasks.ts'
import type { Connection } from '../../ports/database.ts'
import { adminTarget, withAdmin } from '../admin.ts'
import { allowConnections } from '../databases.ts'
import type { DataDeps } from '../deps.ts'
import { text } from '../session.ts'
import { identifier } from '../sql/text.ts'

const SUBSCRIPTIONS = `
  select s.subname as name from pg_subscription s join pg_database d on d.oid = s.subdbid where d.datname = $1`

interface Copy {
  /** To another database of its server, as an administrator. */
  connection: Connection
  /** The live one. */
  database: DatabaseTarget
  name: string
}

/** Nothing where it is gone already. */
export async function dropCopy(deps: DataDeps, signal: AbortSignal | undefined, copy: Copy): Promise<void> {
  await dropSubscriptions(deps, signal, copy)
  await copy.connection.query(`drop database if exists ${identifier(copy.name)} with (force)`)
}

/**
 * A database with a subscription cannot be dropped. Restored ones are disabled and name the live one's slot on the publisher: they let go
 * of it first, or it would be dropped there. https://www.postgresql.org/docs/current/sql-dropsubscription.html
 */
async function dropSubscriptions(
  deps: DataDeps,
  signal: AbortSignal | undefined,
  { connection, database, name }: Copy,
): Promise<void> {
  const found = (await connection.query(SUBSCRIPTIONS, [name])).map((row) => text(row, 'name'))
  if (found.length === 0) return
  await allowConnections(connection, name, true)
  await withAdmin(deps, await adminTarget(deps, database, name), signal, async (inside) => {
    for (const subscription of found.map(identifier)) {
      await inside.query(`alter subscription ${subscription} disable`)
      await inside.query(`alter subscription ${subscription} set (slot_name = none)`)
      await inside.query(`drop subscription ${subscription}`)
    }
  })
}
