import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  addPiece,
  addUp,
  foldDigests,
  PARTS,
  partsAgree,
  pieceSql,
  relationDigestSql,
  sumRows,
  tableInfo,
  type Sums,
} from './digest.ts'

test('the query counts and sums twice over the hashes of each row, of this table only', () => {
  const sql = relationDigestSql('s', 'Odd "name"', [{ name: 'a', type: 'int4' }])
  expect(sql).toContain(
    'count(*)::text as rows, coalesce(sum(low), 0)::text as low, coalesce(sum(high), 0)::text as high',
  )
  expect(sql).toContain('from only "s"."Odd ""name""" t')
})

const table = fc.record({ table: fc.string(), rows: fc.nat().map(String), digest: fc.string() })

test('the fold does not depend on the order of tables', () => {
  fc.assert(
    fc.property(fc.array(table), fc.func(fc.integer()), (tables, order) => {
      const shuffled = tables.toSorted((left, right) => Number(order(left)) - Number(order(right)))
      expect(foldDigests(shuffled)).toBe(foldDigests(tables))
    }),
  )
})

test('the fold sees every change', () => {
  const one = [{ table: 'a', rows: '1', digest: '1/2' }]
  const seen = [
    one,
    [],
    [{ ...one[0]!, rows: '2' }],
    [{ ...one[0]!, digest: '2/1' }],
    [{ ...one[0]!, table: 'b' }],
    [one[0]!, one[0]!],
  ]
  expect(new Set(seen.map(foldDigests)).size).toBe(seen.length)
})

test('rows are summed beyond what a double can hold, large objects apart', () => {
  const big = '9007199254740993'
  const rows = [
    { table: 'a', rows: big, digest: '' },
    { table: 'b', rows: '1', digest: '' },
    { table: 'pg_largeobject', rows: '5', digest: '' },
  ]
  expect(sumRows(rows)).toBe('9007199254740994')
})

const sums = fc.record({ part: fc.nat(PARTS - 1), rows: fc.bigInt(0n, 2n ** 60n), low: fc.bigInt(), high: fc.bigInt() })

function added(pieces: Sums[][], byPart: boolean) {
  const known = new Map<number, Sums>()
  for (const piece of pieces) addPiece(known, piece)
  return addUp('t', known, byPart)
}

test('pieces add up to the same in whatever order they come, and parts to the whole', () => {
  fc.assert(
    fc.property(fc.array(fc.array(sums)), (pieces) => {
      const found = added(pieces, true)
      expect(added(pieces.toReversed(), true)).toEqual(found)
      expect(added([pieces.flat()], true)).toEqual(found)
      expect(added(pieces, false)).toEqual({ table: 't', rows: found.rows, digest: found.digest })
      expect(found.parts).toHaveLength(PARTS)
      expect(partsAgree(found)).toBe(true)
    }),
  )
})

test('parts that are not those of the digest are noticed', () => {
  const found = added([[{ part: 3, rows: 2n, low: -7n, high: 9n }]], true)
  const [first = '', ...others] = found.parts ?? []
  expect(first).toBe('0 0/0')
  expect(partsAgree({ ...found, parts: ['1 0/0', ...others] })).toBe(false)
  expect(partsAgree({ ...found, parts: ['0 0/1', ...others] })).toBe(false)
  // The same sums in another part add up; they differ when the parts are compared.
  expect(partsAgree({ ...found, parts: found.parts?.toReversed() ?? [] })).toBe(true)
})

test('a range of pages is a condition on the place of a row; the condition of an extension is not mixed with it', () => {
  const table = {
    oid: '1',
    schema: 's',
    name: 't',
    kind: 'r',
    pages: 9,
    filenode: '8',
    indexBytes: 0,
    estimate: 0,
    columns: [{ name: 'a', type: 'int4' }],
    copied: ['a'],
    generated: false,
  }
  const piece = { table, range: { from: 3, to: 6 }, how: 'parts' as const }
  expect(pieceSql(piece)).toContain(`t where t.ctid >= '(3,0)' and t.ctid < '(6,0)' offset 0`)
  expect(pieceSql({ ...piece, range: {} })).not.toContain('ctid')
  expect(pieceSql({ ...piece, table: { ...table, condition: 'WHERE a' }, range: {} })).toContain('t WHERE a offset 0')
})

test('a row of the catalogue becomes a table', () => {
  const row = {
    oid: '5',
    schema: 's',
    name: 't',
    kind: 'r',
    pages: '7',
    filenode: '8',
    index_bytes: '8192',
    estimate: '99',
    columns: '[["b", ""], ["a", "int4"]]',
    copied: '["a", "b"]',
    generated: 'true',
    condition: null,
  }
  expect(tableInfo(row)).toEqual({
    oid: '5',
    schema: 's',
    name: 't',
    kind: 'r',
    pages: 7,
    filenode: '8',
    indexBytes: 8192,
    estimate: 99,
    columns: [
      { name: 'b', type: '' },
      { name: 'a', type: 'int4' },
    ],
    copied: ['a', 'b'],
    generated: true,
  })
  expect(tableInfo({ ...row, condition: 'WHERE a' })).toMatchObject({ condition: 'WHERE a' })
})
