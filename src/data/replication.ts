// What of logical replication hangs on one database: it stays with that database under whatever name, and does not come back with a backup.
import { QueryFailed, type Connection } from '../ports/database.ts'
import { text } from './session.ts'
import { ENABLED_SUBSCRIPTIONS, LOGICAL_SLOTS } from './sql/catalogue.ts'

const NOT_READ =
  'replication slots and subscriptions of the database that is replaced: not readable here; look whether there are any'

/**
 * In words, from beside, for whoever replaces the database of that name by a recovered one. Where it may not be read, that is said: no
 * recovery fails for it.
 */
export async function replicationCut(connection: Connection, database: string): Promise<string[]> {
  try {
    const slots = await connection.query(LOGICAL_SLOTS, [database])
    const subscriptions = await connection.query(ENABLED_SUBSCRIPTIONS, [database])
    return [
      ...slots.map(
        (row) =>
          `replication slot ${text(row, 'name')}: stays with the database that is replaced, where it gets nothing more and holds back WAL until it is dropped; make it anew on the recovered one`,
      ),
      ...subscriptions.map(
        (row) =>
          `subscription ${text(row, 'name')}: comes back switched off, where the backup has it; its slot at the publisher holds back WAL there until it is used again or dropped`,
      ),
    ]
  } catch (error) {
    if (error instanceof QueryFailed) return [NOT_READ]
    throw error
  }
}
