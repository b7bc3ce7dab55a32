import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Connection } from '../ports/database.ts'
import { digestOnLanes, pageRanges, type LanesInput } from './digest-lanes.ts'

test('ranges have every page once, and are open at both ends', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 1, max: 700 }), (pages, perPiece) => {
      const ranges = pageRanges(pages, perPiece)
      expect(ranges).toHaveLength(Math.max(1, Math.ceil(pages / perPiece)))
      expect(ranges[0]).not.toHaveProperty('from')
      expect(ranges.at(-1)).not.toHaveProperty('to')
      for (const [at, { to }] of ranges.slice(0, -1).entries()) expect(ranges[at + 1]?.from).toBe(to)
    }),
  )
})

const table = {
  oid: '1',
  schema: 's',
  name: 'big',
  kind: 'r',
  pages: 10,
  filenode: '8',
  indexBytes: 0,
  estimate: 0,
  columns: [{ name: 'a', type: 'int4' }],
  copied: ['a'],
  generated: false,
}

/** Every query finds one row; what was asked is kept, by connection. */
async function asked(more: Partial<LanesInput>): Promise<{ queries: string[][]; result: unknown }> {
  const queries: string[][] = []
  const result = await digestOnLanes(
    {
      tables: [table],
      major: 15,
      jobs: 2,
      how: () => 'whole',
      pagesPerPiece: 3,
      onRows: () => undefined,
      async connect(): Promise<Connection> {
        const mine: string[] = []
        queries.push(mine)
        return {
          lost: new AbortController().signal,
          async query(sql) {
            mine.push(sql)
            return [{ part: '0', rows: '1', low: '5', high: '-6' }]
          },
          close: async () => undefined,
        }
      },
      ...more,
    },
    new AbortController().signal,
  )
  return { queries, result }
}

const ofBig = (queries: string[][]): number => queries.flat().filter((sql) => sql.includes('"big"')).length

test('one huge table is shared among the connections', async () => {
  const { queries, result } = await asked({})
  expect(queries.map((mine) => mine.length > 1)).toEqual([true, true])
  expect(ofBig(queries)).toBe(4)
  expect(result).toEqual([
    { table: 's.big', rows: '4', digest: '20/-24' },
    { table: 'pg_largeobject', rows: '1', digest: '5/-6' },
  ])
})

test('a small one, one of which only some rows are dumped, and any one before 14 is read as a whole', async () => {
  expect(ofBig((await asked({ pagesPerPiece: 10 })).queries)).toBe(1)
  expect(ofBig((await asked({ tables: [{ ...table, condition: 'WHERE a' }] })).queries)).toBe(1)
  expect(ofBig((await asked({ major: 13 })).queries)).toBe(1)
})
