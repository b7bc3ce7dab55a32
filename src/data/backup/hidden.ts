// What pg_dump leaves out and does not fail for, because only a superuser may read it.
// https://github.com/postgres/postgres/blob/REL_17_STABLE/src/bin/pg_dump/pg_dump.c, getSubscriptions and dumpUserMappings
import type { Connection } from '../../ports/database.ts'
import { text } from '../session.ts'
import { HIDDEN_FROM_LOGIN } from '../sql/catalogue.ts'

/** In words; nothing where this login sees everything that there is. */
export async function listHidden(connection: Connection): Promise<string[]> {
  return (await connection.query(HIDDEN_FROM_LOGIN)).map((row) => text(row, 'what'))
}

/** It says that it leaves out subscriptions, and not which. */
const NAMED_ALREADY = /^subscriptions not dumped/

/** What the program warned of is no failure to it, and nobody knows whether it matters. */
export function warningNotes(warnings: readonly string[]): string[] {
  const others = new Set(warnings.filter((warning) => !NAMED_ALREADY.test(warning)))
  return [...others].map((warning) => `pg_dump warned: ${warning}`)
}
