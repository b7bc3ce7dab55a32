import { expect, test } from 'vitest'
import { describeParts, differences, partsBetween, rowsOfParts } from './differences.ts'
import { PARTS } from './digest.ts'

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

function withParts(rows: string, changed: Record<number, string>) {
  const parts = Array.from({ length: PARTS }, (_, part) => changed[part] ?? `10 ${part}/${part}`)
  return { table: 'public.big', rows, digest: JSON.stringify(changed), parts }
}

test('a big table is narrowed to the parts that differ, and to no more of them than help', () => {
  const found = partsBetween(withParts('640', {}), withParts('639', { 3: '9 3/1', 17: '10 1/1' }))
  expect(found).toEqual({
    of: 64,
    differ: 2,
    first: [
      { part: 3, expectedRows: '10', gotRows: '9' },
      { part: 17, expectedRows: '10', gotRows: '10' },
    ],
  })
  expect(describeParts(found)).toBe(', in 2 of its 64 parts (3, 17)')
  const all = Object.fromEntries(Array.from({ length: PARTS }, (_, part) => [part, '0 0/0']))
  const every = partsBetween(withParts('640', {}), withParts('0', all))
  expect(every).toMatchObject({ differ: PARTS })
  expect(every.first).toHaveLength(8)
  expect(describeParts(every)).toBe(', in 64 of its 64 parts (0, 1, 2, 3, 4, 5, 6, 7, ...)')
})

test('a table that is equal when it is read again is no reason for trust', () => {
  const found = partsBetween(withParts('640', {}), withParts('640', {}))
  expect(found).toMatchObject({ differ: 0, first: [] })
  expect(describeParts(found)).toContain('do not trust')
  expect(describeParts(undefined)).toBe('')
})

test('the rows of those parts can be asked for, under the settings that digests are made with', () => {
  const table = {
    oid: '1',
    schema: 's',
    name: 'B"ig',
    kind: 'r',
    pages: 1,
    filenode: '8',
    indexBytes: 0,
    estimate: 1,
    columns: [{ name: 'a', type: 'int4' }],
    copied: ['a'],
    generated: false,
  }
  const found = partsBetween(withParts('640', {}), withParts('640', { 3: '10 3/1' }))
  expect(rowsOfParts(table, found, { timezone: 'UTC' })).toBe(
    `set timezone = 'UTC'; select t.* from only "s"."B""ig" t where (hashint4extended(1, coalesce(hashint4extended((t."a"), 1), hashint4extended(0, -1))) & 63) in (3);`,
  )
  expect(rowsOfParts(table, undefined, {})).toBeUndefined()
})
