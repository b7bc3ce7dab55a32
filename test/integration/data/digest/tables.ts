// Makes the pairs as tables of one database and takes the digests of all of them, as a backup and as a proof does.
import type { TableDigest } from '../../../../src/core/data/tasks.ts'
import { digestOnLanes } from '../../../../src/data/digest-lanes.ts'
import { digestView, tableInfo, type TableInfo } from '../../../../src/data/digest.ts'
import { listTables } from '../../../../src/data/sql/catalogue.ts'
import { displayName } from '../../../../src/data/sql/text.ts'
import type { Connection } from '../../../../src/ports/database.ts'
import type { TestServer } from '../../../support/postgres.ts'
import type { Pair } from './pairs.ts'

/** Statements of one text: all are planned and kept together until the last one has run. */
const PER_TEXT = 100

function fill(table: string, rows: readonly string[]): string {
  return rows.map((row) => `insert into ${table} ${row.startsWith('(') ? `values ${row}` : row};`).join('\n')
}

/** The pair's two tables have the same name, in two schemas. */
export async function makePairs(server: TestServer, database: string, prefix: string, pairs: readonly Pair[]) {
  const texts = pairs.map(({ make, columns, one, other }, at) => {
    const name = `${prefix}${at}`
    const made = ['one', 'other'].map((schema) => `create table ${schema}.${name} (${columns});`).join('\n')
    return `${make === undefined ? '' : `${make};`}\n${made}\n${fill(`one.${name}`, one)}\n${fill(`other.${name}`, other)}`
  })
  for (let at = 0; at < texts.length; at += PER_TEXT) {
    await server.query(database, texts.slice(at, at + PER_TEXT).join('\n'))
  }
}

const WAYS = ['whole', 'parts', 'view'] as const
export type Way = (typeof WAYS)[number]
export type Digests = Record<Way, Map<string, string>>

const textOf = ({ rows, digest, parts = [] }: TableDigest): string => [rows, digest, ...parts].join('\n')

/** Text of each table's digest by the table's name, in each way that there is to compute one. */
export async function digestsOf(connect: () => Promise<Connection>, major: number): Promise<Digests> {
  const connection = await connect()
  try {
    const tables = (await connection.query(listTables(major))).map(tableInfo)
    const onLanes = async (how: 'whole' | 'parts', some: readonly TableInfo[]): Promise<Map<string, string>> => {
      const input = { tables: some, major, jobs: 2, how: () => how, connect, onRows: () => undefined }
      const found = await digestOnLanes(input, new AbortController().signal)
      return new Map(found.map((digest) => [digest.table, textOf(digest)]))
    }
    const view = new Map<string, string>()
    for (const { schema, name, columns } of tables) {
      view.set(displayName(schema, name), textOf(await digestView(connection, schema, name, columns)))
    }
    return { whole: await onLanes('whole', tables), parts: await onLanes('parts', tables), view }
  } finally {
    await connection.close()
  }
}

/** Pairs whose two tables have the same digest, in some way of computing it; or (`same`) have not. */
export function wrongPairs(digests: Digests, prefix: string, pairs: readonly Pair[], same = false): string[] {
  return pairs.flatMap(({ what }, at) =>
    WAYS.flatMap((way) => {
      const [one, other] = ['one', 'other'].map((schema) => digests[way].get(`${schema}.${prefix}${at}`))
      if (one === undefined || other === undefined) return [`${what}: no digest`]
      return (one === other) === same ? [] : [`${what} (${way})`]
    }),
  )
}
