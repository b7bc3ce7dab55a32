// Two hashes of 64 bits for each row, as SQL. Each column is hashed by itself, with a seed of its own, and what that gives is mixed;
// no text of the whole row is put together, which costs as much as the hashing does.
import { identifier } from './text.ts'

export interface Column {
  name: string
  /** Name of a type of pg_catalog that one of the hashes below is made for; anything else is hashed as text. */
  type: string
}

/**
 * How the value `v` of a type is hashed under a seed. Only for types whose hash tells any two values that are stored differently
 * apart: that of numeric knows neither sign nor scale, that of floats takes -0 for 0, and that of enums hashes an object id.
 * `hash_array_extended` is the only name under which the hash of bytea can be called before PostgreSQL 18.
 * https://github.com/postgres/postgres/blob/REL_15_STABLE/src/backend/access/hash/hashfunc.c
 */
const BY_TYPE: Record<string, (v: string, seed: string) => string> = {
  bool: (v, seed) => `hashint4extended(${v}::int4, ${seed})`,
  int2: (v, seed) => `hashint2extended(${v}, ${seed})`,
  int4: (v, seed) => `hashint4extended(${v}, ${seed})`,
  // It folds both halves into one, so the upper one is hashed once more.
  int8: (v, seed) => `hashint8extended(${v}, hashint4extended((${v} >> 32)::int4, ${seed}))`,
  oid: (v, seed) => `hashoidextended(${v}, ${seed})`,
  uuid: (v, seed) => `uuid_hash_extended(${v}, ${seed})`,
  inet: (v, seed) => `hashinetextended(${v}, ${seed})`,
  cidr: (v, seed) => `hashinetextended(${v}, ${seed})`,
  macaddr: (v, seed) => `hashmacaddrextended(${v}, ${seed})`,
  macaddr8: (v, seed) => `hashmacaddr8extended(${v}, ${seed})`,
  // Without its trailing blanks: how many there are is the column's type.
  bpchar: (v, seed) => `hashbpcharextended(${v} collate "C", ${seed})`,
  bytea: (v, seed) => `hash_array_extended(${v}, ${seed})`,
}
const HASHES = new Map(Object.entries(BY_TYPE))
const hashText = (v: string, seed: string): string => `hashtextextended(${v} collate "C", ${seed})`

const TEXTS = new Set(['text', 'varchar'])

/** What is hashed instead of the value, made once for both hashes. Absent: the value itself, which is free to read twice. */
function prepared({ type }: Column, value: string): string | undefined {
  // Copied, for what was stored compressed would be unpacked once for each hash.
  if (TEXTS.has(type)) return `${value} || ''`
  if (type === 'bytea') return `case when ${value} is distinct from null then array[${value}] end`
  if (HASHES.has(type)) return undefined
  // By the type's output function, like a dump; a cast to text may be somebody's own and lose something. It makes '' of null.
  // A composite of nulls is "null" and one with some is not "not null", but both are distinct from null.
  return `case when ${value} is distinct from null then concat(${value}) end`
}

/** Of a deep chain the server's parser needs a deep stack, and a table may have 1,600 columns. */
function mixed(terms: readonly string[]): string {
  const [only] = terms
  if (only === undefined) return '0'
  if (terms.length === 1) return only
  const half = terms.length >> 1
  return `(${mixed(terms.slice(0, half))} # ${mixed(terms.slice(half))})`
}

/** Seeds of the second hash begin far from those of the first. */
const SEEDS = { low: 1, high: 10_001 } as const

/** The mix is hashed once more: a sum over rows of what is only mixed would hardly notice values that changed places. */
function hashOf(columns: readonly Column[], values: readonly string[], which: keyof typeof SEEDS): string {
  const terms = columns.map(({ type }, at) => {
    const seed = SEEDS[which] + at
    const hash = (HASHES.get(type) ?? hashText)(values[at] ?? '', String(seed))
    // Seeds are positive, so this is no hash of a value.
    return `coalesce(${hash}, hashint4extended(0, ${-seed}))`
  })
  return `hashint4extended(${columns.length}, ${mixed(terms)})`
}

const columnOf = ({ name }: Column): string => `t.${identifier(name)}`

/** `low` and `high` of each row; `condition` may call the relation `t`. */
export function rowHashes(relation: string, columns: readonly Column[], condition: string): string {
  const hashes = (values: readonly string[]): string =>
    `${hashOf(columns, values, 'low')} as low, ${hashOf(columns, values, 'high')} as high`
  const made = columns.map((column, at) => `${prepared(column, columnOf(column)) ?? columnOf(column)} as c${at}`)
  if (columns.every((column) => prepared(column, '') === undefined))
    return `select ${hashes(columns.map(columnOf))} from ${relation} t ${condition}`
  // `offset 0` keeps the planner from making the same value twice, once for each hash.
  const values = columns.map((_, at) => `c${at}`)
  return `select ${hashes(values)} from (select ${made.join(', ')} from ${relation} t ${condition} offset 0) r`
}

/** The first of the two, of the row of the table that the query calls `t`. */
export function rowHash(columns: readonly Column[]): string {
  // A text is read once only: it need not be copied.
  const once = (column: Column, value: string): string =>
    TEXTS.has(column.type) ? value : (prepared(column, value) ?? value)
  const values = columns.map((column) => `(${once(column, columnOf(column))})`)
  return hashOf(columns, values, 'low')
}
