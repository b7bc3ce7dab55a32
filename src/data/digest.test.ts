import fc from 'fast-check'
import { expect, test } from 'vitest'
import { differences, foldDigests, relationDigestSql, sumRows, tableInfo } from './digest.ts'

test('the query counts and sums twice over one text of each row, of this table only', () => {
  const sql = relationDigestSql('s', 'Odd "name"', ['a', 'B'])
  expect(sql).toContain('row(t."a", t."B")::text collate "C" as x from only "s"."Odd ""name""" t')
  expect(sql).toContain('hashtextextended(x, 0)')
  expect(sql).toContain('hashtextextended(x, 1)')
  expect(sql).toContain('offset 0')
})

test('a table without columns still has rows to count', () => {
  expect(relationDigestSql('s', 't', [])).toContain('row()::text')
})

test('an extension tells which of its rows are the user’s', () => {
  expect(relationDigestSql('s', 't', ['a'], 'WHERE NOT builtin')).toMatch(/ t WHERE NOT builtin offset 0/)
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

test('differences name what is changed, missing and unexpected', () => {
  const expected = [
    { table: 'same', rows: '1', digest: 'x' },
    { table: 'fewer', rows: '10', digest: 'x' },
    { table: 'changed', rows: '3', digest: 'x' },
    { table: 'gone', rows: '4', digest: 'x' },
  ]
  const got = [
    { table: 'new', rows: '2', digest: 'x' },
    { table: 'changed', rows: '3', digest: 'y' },
    { table: 'fewer', rows: '5', digest: 'x' },
    { table: 'same', rows: '1', digest: 'x' },
  ]
  expect(differences(expected, got)).toEqual([
    { table: 'fewer', expectedRows: '10', gotRows: '5' },
    { table: 'changed', expectedRows: '3', gotRows: '3' },
    { table: 'gone', expectedRows: '4', gotRows: 'missing' },
    { table: 'new', expectedRows: 'none', gotRows: '2' },
  ])
  expect(differences(expected, expected.toReversed())).toEqual([])
})

test('a row of the catalogue becomes a table', () => {
  const row = {
    oid: '5',
    schema: 's',
    name: 't',
    kind: 'r',
    pages: '7',
    estimate: '99',
    columns: '["b", "a"]',
    generated: 'true',
    condition: null,
  }
  expect(tableInfo(row)).toEqual({
    oid: '5',
    schema: 's',
    name: 't',
    kind: 'r',
    pages: 7,
    estimate: 99,
    columns: ['b', 'a'],
    generated: true,
  })
  expect(tableInfo({ ...row, condition: 'WHERE a' })).toMatchObject({ condition: 'WHERE a' })
})
