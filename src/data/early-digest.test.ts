import { expect, test } from 'vitest'
import { QueryFailed, type Connection, type Row } from '../ports/database.ts'
import type { PgTools } from '../ports/pgtools.ts'
import type { DataDeps, TaskContext } from './deps.ts'
import { earlyDigests, stillThere } from './early-digest.ts'
import type { StoredDatabase } from './stored-set.ts'

const PAGES = 40_000
const listed = (oid: string, name: string, more: Row = {}): Row => ({
  oid,
  schema: 's',
  name,
  kind: 'r',
  pages: '0',
  filenode: oid,
  index_bytes: '0',
  estimate: '0',
  columns: '[["a", "int4"]]',
  copied: '["a"]',
  generated: 'false',
  condition: null,
  ...more,
})
const TABLES = [
  listed('1', 'big'),
  listed('2', 'other'),
  listed('3', 'small'),
  listed('4', 'leaf'),
  listed('5', 'part', { condition: 'WHERE a' }),
]

const LOCKED = new QueryFailed('lock timeout', '55P03')

interface Fake {
  /** Oids of tables that somebody holds for himself. */
  held: Set<string>
  /** The error that a reading of rows ends with. */
  failure?: QueryFailed
  /** The error that asking for a table's size ends with. */
  noSize?: QueryFailed | undefined
  /** Told whenever somebody asks who holds a table. */
  onLook?: () => void
}

/** A server with these tables, and a dump whose files are named like their oids. */
function restoring(fake: Fake, method: 'rows' | 'lines' = 'rows') {
  const read: string[] = []
  const connection: Connection = {
    lost: new AbortController().signal,
    async query(sql) {
      if (sql.includes('pg_partition_ancestors')) return [{ schema: 's', name: 'leaf', parent: '9' }]
      if (sql.includes('pg_locks')) fake.onLook?.()
      if (sql.includes('pg_locks')) return [...fake.held].some((oid) => sql.includes(`relation = ${oid}`)) ? [{}] : []
      if (sql.includes('order by')) {
        // Somebody loads another table, for himself.
        if (sql.includes('pg_relation_size')) throw LOCKED
        return TABLES
      }
      const [, oid] = /where c\.oid = (\d+)/.exec(sql) ?? []
      if (oid !== undefined && fake.noSize !== undefined) throw fake.noSize
      if (oid !== undefined) return [{ pages: String(oid === '3' ? 10 : PAGES), filenode: oid }]
      if (fake.failure !== undefined) throw fake.failure
      read.push(/"s"\."(\w+)"/.exec(sql)?.[1] ?? sql)
      return [{ part: '0', rows: '7', low: '1', high: '2' }]
    },
    close: async () => undefined,
  }
  const deps = {
    databases: { connect: async () => connection },
    clock: { sleep: async () => await new Promise((resolve) => setTimeout(resolve, 1)) },
  } as unknown as DataDeps
  const contents = async () => TABLES.map(({ oid, name }) => ({ stem: `1${oid}`, oid: `9${oid}`, table: `s.${name}` }))
  const stored = { evidence: { serverMajor: 15 }, digests: { method } } as unknown as StoredDatabase
  const context = { signal: new AbortController().signal } as TaskContext
  const from = { target: {} as never, tools: { contents } as unknown as PgTools, directory: 'd', half: false }
  const early = earlyDigests(deps, context, stored, from)
  early.mayRead(true)
  return { read, early }
}

const settle = async (): Promise<void> => await new Promise((resolve) => setTimeout(resolve, 30))

test('tables that are loaded are read, piece by piece, while others still are not', async () => {
  const { early, read } = restoring({ held: new Set() })
  for (const stem of ['11', '13', '14', '15', 'unknown']) early.loaded(stem)
  await settle()
  // Not the small one, nor what is loaded through its parent, nor where only some rows are dumped.
  expect(read).toEqual(['big', 'big', 'big'])
  early.loaded('12')
  await settle()
  expect(read.slice(3)).toEqual(['other', 'other', 'other'])
  const found = await early.end()
  expect([...found.keys()]).toEqual(['1', '2'])
  expect(found.get('1')).toMatchObject({
    remaining: [],
    sums: new Map([[0, { part: 0, rows: 21n, low: 3n, high: 6n }]]),
  })
})

test('one that pg_restore holds waits, and others are read meanwhile', async () => {
  const fake: Fake = { held: new Set(['1']) }
  const { early, read } = restoring(fake)
  early.loaded('11')
  early.loaded('12')
  await settle()
  expect(read).toEqual(['other', 'other', 'other'])
  fake.held.clear()
  await settle()
  expect(read.slice(3)).toEqual(['big', 'big', 'big'])
  await early.end()
})

test('nothing is read while every processor has other work', async () => {
  const { early, read } = restoring({ held: new Set() })
  early.mayRead(false)
  early.loaded('11')
  await settle()
  expect(read).toEqual([])
  early.mayRead(true)
  await settle()
  expect(read).toEqual(['big', 'big', 'big'])
  await early.end()
})

test('one that pg_restore takes before it is looked at waits too', async () => {
  const fake: Fake = { held: new Set(), noSize: LOCKED }
  const { early, read } = restoring(fake)
  early.loaded('11')
  await settle()
  expect(read).toEqual([])
  fake.noSize = undefined
  await settle()
  expect(read).toEqual(['big', 'big', 'big'])
  await early.end()
})

test('a processor that is wanted again before the reading begins is left alone', async () => {
  const fake: Fake = { held: new Set() }
  const { early, read } = restoring(fake)
  fake.onLook = () => early.mayRead(false)
  early.loaded('11')
  await settle()
  expect(read).toEqual([])
  expect((await early.end()).size).toBe(0)
})

test('several that are held are looked at now and then', async () => {
  let looks = 0
  const { early } = restoring({ held: new Set(['1', '2']), onLook: () => (looks += 1) })
  early.loaded('11')
  early.loaded('12')
  await settle()
  expect(looks).toBeGreaterThan(2)
  expect(looks).toBeLessThan(150)
  await early.end()
})

test('a restore may end at any moment of the reading', async () => {
  for (let turns = 0; turns < 60; turns++) {
    const { early } = restoring({ held: new Set() })
    early.loaded('13')
    for (let turn = 0; turn < turns; turn++) await Promise.resolve()
    expect((await early.end()).size).toBe(0)
  }
})

test('what pg_restore held to its end is left to the comparison', async () => {
  const { early, read } = restoring({ held: new Set(['1']) })
  early.loaded('11')
  await settle()
  expect((await early.end()).size).toBe(0)
  expect(read).toEqual([])
})

test.each([
  ['a lock that came first', LOCKED, 1],
  ['anything else', new QueryFailed('cancelled', '57014'), 0],
])('%s never ends a restore', async (_, failure, tables) => {
  const { early } = restoring({ held: new Set(), failure })
  early.loaded('11')
  await settle()
  expect((await early.end()).size).toBe(tables)
})

test('nothing is read where the lines of a dump are compared, or nothing was loaded', async () => {
  const lines = restoring({ held: new Set() }, 'lines')
  lines.early.loaded('11')
  await settle()
  expect((await lines.early.end()).size + lines.read.length).toBe(0)
  expect((await restoring({ held: new Set() }).early.end()).size).toBe(0)
})

test('a table that was written anew, or is longer, is not the one that was read', () => {
  const early = { filenode: '8', pages: 5, sums: new Map(), remaining: [] }
  const table = {
    oid: '1',
    schema: 's',
    name: 'big',
    kind: 'r',
    pages: 5,
    filenode: '8',
    indexBytes: 0,
    estimate: 0,
    columns: [],
    copied: [],
    generated: false,
  }
  const known = new Map([['1', early]])
  expect(stillThere(known, table)).toBe(early)
  expect(stillThere(known, { ...table, filenode: '9' })).toBeUndefined()
  expect(stillThere(known, { ...table, pages: 6 })).toBeUndefined()
  expect(stillThere(known, { ...table, oid: '2' })).toBeUndefined()
  expect(stillThere(undefined, table)).toBeUndefined()
})
