// What a dump leaves out because it takes it for an extension's, or for PostgreSQL's own.
import type { Connection } from '../../ports/database.ts'
import { one, text } from '../session.ts'
import {
  LIST_ADDED_TO_EXTENSIONS,
  LIST_AMONG_OWN,
  LIST_HALF_COVERED,
  LIST_UNCOVERED_SEQUENCES,
  LIST_UNENFORCED,
} from '../sql/catalogue.ts'
import { displayName, qualified } from '../sql/text.ts'

/** One that nobody has used is made anew as it is. */
async function movedSequences(connection: Connection): Promise<string[]> {
  const found: string[] = []
  for (const row of await connection.query(LIST_UNCOVERED_SEQUENCES)) {
    const [schema, name] = [text(row, 'schema'), text(row, 'name')]
    const belongs = `sequence ${displayName(schema, name)} of the extension ${text(row, 'extension')}`
    if (text(row, 'readable') !== 'true') found.push(`${belongs}: where it stands is not dumped, and not readable here`)
    else {
      const moved = `select (is_called or last_value <> ${text(row, 'start')})::text as moved from ${qualified(schema, name)}`
      if (text(one(await connection.query(moved)), 'moved') === 'true')
        found.push(`${belongs}: it has moved on, and where extensions' sequences stand is not dumped`)
    }
  }
  return found
}

/** In words, what hangs on extensions and comes back as they make it, or not at all. */
export async function listAroundExtensions(connection: Connection): Promise<string[]> {
  const found = await movedSequences(connection)
  for (const row of await connection.query(LIST_HALF_COVERED)) {
    const belongs = `table ${displayName(text(row, 'schema'), text(row, 'name'))} of the extension ${text(row, 'extension')}`
    found.push(
      `${belongs}: the rows that the extension brings come back as it brings them; changes to them are in no dump`,
    )
  }
  for (const row of await connection.query(LIST_ADDED_TO_EXTENSIONS)) {
    const added = `${text(row, 'what')}: added to the extension ${text(row, 'extension')}, or changed in it`
    found.push(`${added}, and what belongs to an extension is not dumped`)
  }
  return found
}

/** In words, what stands among PostgreSQL's own things, or is changed in them. */
export async function listAmongOwn(connection: Connection): Promise<string[]> {
  const found: string[] = []
  for (const row of await connection.query(LIST_AMONG_OWN)) {
    found.push(`${text(row, 'what')}: in ${text(row, 'schema')}, of which no dump holds anything`)
  }
  for (const row of await connection.query(LIST_UNENFORCED)) {
    const shown = displayName(text(row, 'schema'), text(row, 'name'))
    found.push(`table ${shown}: triggers behind its constraints are not enabled as usual, and a dump does not say so`)
  }
  return found
}
