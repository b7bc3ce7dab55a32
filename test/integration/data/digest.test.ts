// What a digest sees on the machine's own PostgreSQL; and what weaker ones, each of which somebody uses, would not have seen.
import { expect, test } from 'vitest'
import { tableInfo } from '../../../src/data/digest.ts'
import { listTables } from '../../../src/data/sql/catalogue.ts'
import { identifier, qualified } from '../../../src/data/sql/text.ts'
import { QueryFailed, type Connection } from '../../../src/ports/database.ts'
import { DIFFERENT } from './digest/pairs.ts'
import { digestSuite } from './digest/suite.ts'

const MAJOR = 15
const world = digestSuite(MAJOR, 'alone', async () => undefined)

const each = (columns: readonly string[], of: (column: string) => string, between: string): string =>
  columns.map((column) => of(`t.${identifier(column)}`)).join(between)

/** Each with a seed of its own. */
const mixed = (columns: readonly string[]): string =>
  columns.map((name, at) => `coalesce(hashtextextended(t.${identifier(name)}::text, ${at + 1}), 0)`).join(' # ')

/** A digest's text from the table `t` with these columns. */
const WEAKER: [string, (columns: readonly string[]) => string][] = [
  ["the types' own hashes", () => 'sum(hash_record_extended(t.*, 0))'],
  ['a sum for each column', (columns) => `row(${each(columns, (column) => `sum(hashtext(${column}::text))`, ', ')})`],
  ['columns added up', (columns) => `sum(${each(columns, (column) => `hashtext(${column}::text)`, ' + ')})`],
  ['columns without borders', (columns) => `sum(hashtext(concat(${each(columns, String, ', ')})))`],
  ['rows that cancel each other', () => 'row(count(*), bit_xor(hashtext(t::text)))'],
  ['rows that are there, however often', () => 'sum(distinct hashtext(t::text))'],
  ['columns mixed, and the mix not hashed', (columns) => `sum(${mixed(columns)})`],
  ['rows counted', () => 'count(*)'],
]

/** Pairs that it takes for equal; where it cannot be computed at all it is no worse. */
async function missed(connection: Connection, sql: (columns: readonly string[]) => string): Promise<string[]> {
  const tables = (await connection.query(listTables(MAJOR))).map(tableInfo)
  const found: string[] = []
  for (const [at, { what }] of DIFFERENT.entries()) {
    const both = tables.filter((table) => table.name === `different${at}` && table.columns.length > 0)
    try {
      const digests: unknown[] = []
      for (const { schema, name, columns } of both) {
        const [row] = await connection.query(
          `select (${sql(columns.map((column) => column.name))})::text as digest from ${qualified(schema, name)} t`,
        )
        digests.push(row?.['digest'])
      }
      if (digests.length === 2 && digests[0] === digests[1]) found.push(what)
    } catch (error) {
      if (!(error instanceof QueryFailed)) throw error
    }
  }
  return found
}

test.each(WEAKER)('%s: the pairs tell that this is too weak', async (_, sql) => {
  const connection = await world().connect()
  try {
    expect(await missed(connection, sql)).not.toEqual([])
  } finally {
    await connection.close()
  }
})
