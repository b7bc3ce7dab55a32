import { expect, test } from 'vitest'
import { rowHash, rowHashes, type Column } from './row-hash.ts'

const column = (type: string, name = 'a'): Column => ({ name, type })

test('each column is hashed by itself, twice, with seeds of its own, and a null is no value', () => {
  expect(rowHashes('only "s"."t"', [column('int4'), column('int4', 'B"c')], 'where x')).toBe(
    'select hashint4extended(2, (coalesce(hashint4extended(t."a", 1), hashint4extended(0, -1)) # ' +
      'coalesce(hashint4extended(t."B""c", 2), hashint4extended(0, -2)))) as low, ' +
      'hashint4extended(2, (coalesce(hashint4extended(t."a", 10001), hashint4extended(0, -10001)) # ' +
      'coalesce(hashint4extended(t."B""c", 10002), hashint4extended(0, -10002)))) as high ' +
      'from only "s"."t" t where x',
  )
})

test('a table without columns has a hash for each of its rows', () => {
  expect(rowHashes('only t', [], '')).toBe(
    'select hashint4extended(0, 0) as low, hashint4extended(0, 0) as high from only t t ',
  )
})

test('what is dear to make is made once for both hashes', () => {
  const sql = rowHashes('only t', [column('jsonb'), column('int2', 'b')], 'where x')
  expect(sql).toContain(
    'from (select case when t."a" is distinct from null then concat(t."a") end as c0, t."b" as c1 from only t t where x offset 0) r',
  )
  expect(sql).toContain('hashtextextended(c0 collate "C", 1)')
  expect(sql).toContain('hashint2extended(c1, 10002)')
})

test.each(['numeric', 'float8', 'timestamptz', 'jsonb', 'citext', '_int4', 'constructor', ''])(
  'the hash that the server has for %s does not see everything, or is not known: its text is hashed',
  (type) => {
    expect(rowHash([column(type)])).toContain(
      'hashtextextended((case when t."a" is distinct from null then concat(t."a") end) collate "C", 1)',
    )
  },
)

test('both halves of a bigint count', () => {
  expect(rowHash([column('int8')])).toContain('hashint8extended((t."a"), hashint4extended(((t."a") >> 32)::int4, 1))')
})

test('as many columns as a table can have are mixed without a deep nesting', () => {
  const sql = rowHash(Array.from({ length: 1600 }, (_, at) => column('int4', `c${at}`)))
  let [depth, deepest] = [0, 0]
  for (const [bracket] of sql.matchAll(/[()]/g)) deepest = Math.max(deepest, (depth += bracket === '(' ? 1 : -1))
  expect(deepest).toBeLessThan(20)
})
