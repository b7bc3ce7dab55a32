import { expect, test } from 'vitest'
import type { TableDigest } from '../core/data/tasks.ts'
import { asExpectedTogether } from './partitions.ts'

function digest(table: string, rows: number, low: number, high: number): TableDigest {
  return { table, rows: String(rows), digest: `${low}/${high}` }
}

function byName(tables: readonly TableDigest[]): TableDigest[] {
  return tables.toSorted((left, right) => left.table.localeCompare(right.table))
}

const OTHER = digest('public.other', 7, 1, 1)
const EXPECTED = [
  OTHER,
  digest('public.p0', 10, 100, -5),
  digest('public.p1', 20, 300, 9),
  digest('public.q0', 1, 4, 4),
]
const TOGETHER = new Map([
  ['public.p0', '16400'],
  ['public.p1', '16400'],
  ['public.q0', '16500'],
])

test('rows that lie in another partition are no difference, and the digest of the whole stays that of the source', () => {
  const moved = [OTHER, digest('public.p0', 25, 350, -20), digest('public.p1', 5, 50, 24), digest('public.q0', 1, 4, 4)]
  expect(byName(asExpectedTogether(EXPECTED, moved, TOGETHER))).toEqual(EXPECTED)
})

test.each([
  ['a row is missing', digest('public.p0', 9, 100, -5)],
  ['a row is another one', digest('public.p0', 10, 101, -5)],
  ['two sums are exchanged', digest('public.p0', 10, -5, 100)],
])('%s: the difference stays', (_, changed) => {
  const got = EXPECTED.map((table) => (table.table === changed.table ? changed : table))
  const settled = asExpectedTogether(EXPECTED, got, TOGETHER)
  expect(settled).toContainEqual(changed)
  expect(settled).toHaveLength(4)
})

test('a partition that is not there is not made up', () => {
  const got = [OTHER, digest('public.p0', 30, 400, 4), EXPECTED[3] as TableDigest]
  expect(asExpectedTogether(EXPECTED, got, TOGETHER).map(({ table }) => table)).not.toContain('public.p1')
})

test('rows may not go from one parent to another, nor between tables that are not partitioned so', () => {
  const got = [digest('public.other', 8, 5, 5), ...EXPECTED.slice(1, 3), digest('public.q0', 0, 0, 0)]
  expect(byName(asExpectedTogether(EXPECTED, got, TOGETHER))).toEqual(got)
  const moved = [OTHER, digest('public.p0', 25, 350, -20), digest('public.p1', 5, 50, 24), EXPECTED[3] as TableDigest]
  expect(asExpectedTogether(EXPECTED, moved, new Map())).toEqual(moved)
})
