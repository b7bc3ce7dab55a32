// Decides whether a database carries exactly the schema this release was built for.
import type pg from 'pg'

export type SchemaState = {
  /** `waiting`: nothing of Tally is there yet, or a first installation is still being migrated. */
  readonly kind: 'waiting' | 'current' | 'older' | 'newer'
  /** Name of the newest migration the database records, with db-migrate's leading slash; null when none is recorded. */
  readonly schema: string | null
}

const undefinedTable = '42P01'

/**
 * Compares what a release expects with what db-migrate recorded. A recorded migration that the release does not know
 * makes the schema `newer`, even when others are missing: nobody can say what it did to the data.
 */
export function compareSchema(expected: readonly string[], recorded: readonly string[]): SchemaState {
  const schema = recorded.at(-1) ?? null
  if (recorded.length === 0) return { kind: 'waiting', schema }
  const known = new Set(expected.map((name) => `/${name}`))
  const present = new Set(recorded)
  if (recorded.some((name) => !known.has(name))) return { kind: 'newer', schema }
  if ([...known].some((name) => !present.has(name))) return { kind: 'older', schema }
  return { kind: 'current', schema }
}

/**
 * Reads the state of the schema.
 * @param dataTable its rows prove that the installation was in use: an incomplete schema without any row is a first
 * installation under way and counts as `waiting`.
 */
export async function readSchemaState(
  client: pg.Client,
  expected: readonly string[],
  dataTable: 'deliveries' | 'questions',
): Promise<SchemaState> {
  const recorded = await rowsOrNone<{ name: string }>(client, 'SELECT name FROM migrations ORDER BY name')
  const state = compareSchema(
    expected,
    recorded.map((row) => row.name),
  )
  if (state.kind !== 'older') return state
  const used = await rowsOrNone(client, `SELECT 1 FROM ${dataTable} LIMIT 1`)
  return used.length === 0 ? { ...state, kind: 'waiting' } : state
}

async function rowsOrNone<Row extends pg.QueryResultRow>(client: pg.Client, sql: string): Promise<Row[]> {
  try {
    return (await client.query<Row>(sql)).rows
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === undefinedTable) return []
    throw error
  }
}
