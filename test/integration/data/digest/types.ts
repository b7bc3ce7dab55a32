// Every type of the catalogue that a column may have, with two values of each: alone, in an array, behind a domain, in a composite.
import type { TestServer } from '../../../support/postgres.ts'
import type { Pair } from './pairs.ts'

/** Two values that differ as little as the type lets them. */
const VALUES: Record<string, readonly [string, string]> = {
  bool: ['t', 'f'],
  bytea: [String.raw`\x00`, String.raw`\x0000`],
  char: ['a', 'b'],
  name: ['a', 'A'],
  int8: ['1', '4294967296'],
  int2: ['1', '-1'],
  int2vector: ['1 2', '2 1'],
  int4: ['1', '-1'],
  regproc: ['pg_catalog.now', 'pg_catalog.version'],
  text: ['abc', 'abc '],
  oid: ['1', '4294967295'],
  tid: ['(0,1)', '(1,0)'],
  xid: ['3', '4'],
  cid: ['3', '4'],
  oidvector: ['1 2', '12'],
  json: ['{"a":1}', '{"a": 1}'],
  xml: ['<a/>', '<a></a>'],
  point: ['(0,0)', '(-0,0)'],
  lseg: ['[(0,0),(1,1)]', '[(1,1),(0,0)]'],
  path: ['[(0,0),(1,1)]', '((0,0),(1,1))'],
  box: ['(1,1),(0,0)', '(1,1),(0,-0)'],
  polygon: ['((0,0),(1,1),(1,0))', '((1,1),(1,0),(0,0))'],
  line: ['{1,2,3}', '{2,4,6}'],
  circle: ['<(0,0),1>', '<(0,0),1.0000000000000002>'],
  float4: ['0', '-0'],
  float8: ['0', '-0'],
  money: ['0.01', '42949672.96'],
  macaddr: ['08:00:2b:01:02:03', '08:00:2b:01:02:04'],
  inet: ['10.0.0.1/8', '10.0.0.1/16'],
  cidr: ['10.0.0.0/8', '10.0.0.0/16'],
  macaddr8: ['08:00:2b:01:02:03:04:05', '08:00:2b:01:02:03:04:06'],
  aclitem: ['pg_monitor=r/pg_monitor', 'pg_monitor=r*/pg_monitor'],
  bpchar: ['a', 'a '],
  varchar: ['a', 'a '],
  date: ['2026-01-01', 'infinity'],
  time: ['00:00:00.000001', '01:11:34.967296'],
  timestamp: ['2000-01-01 00:00:00.000001', '2000-01-01 01:11:34.967296'],
  timestamptz: ['2000-01-01 00:00:00.000001+00', '2000-01-01 01:11:34.967296+00'],
  interval: ['1 mon', '30 days'],
  timetz: ['12:00:00+00', '13:00:00+01'],
  bit: ['1', '0'],
  varbit: ['0', '00'],
  numeric: ['1.0', '1.00'],
  refcursor: ['a', 'A'],
  regprocedure: ['pg_catalog.abs(int4)', 'pg_catalog.abs(int8)'],
  regoper: ['pg_catalog.||/', 'pg_catalog.|/'],
  regoperator: ['pg_catalog.+(int4,int4)', 'pg_catalog.+(int8,int8)'],
  regclass: ['one.named', 'other.named'],
  regcollation: ['pg_catalog."C"', 'pg_catalog."POSIX"'],
  regtype: ['one.named', 'other.named'],
  regrole: ['pg_monitor', 'pg_signal_backend'],
  regnamespace: ['one', 'other'],
  uuid: ['00000000-0000-0000-0000-000000000001', '00000000-0000-0001-0000-000000000000'],
  pg_lsn: ['0/1', '1/0'],
  tsvector: ['a:1', 'a:1C'],
  tsquery: ['a & b', 'b & a'],
  regconfig: ['pg_catalog.simple', 'pg_catalog.english'],
  regdictionary: ['pg_catalog.simple', 'pg_catalog.english_stem'],
  jsonb: ['1.0', '1.00'],
  jsonpath: ['$.a', 'strict $.a'],
  txid_snapshot: ['10:20:', '10:20:15'],
  pg_snapshot: ['10:20:', '10:20:15'],
  xid8: ['1', '4294967296'],
  int4range: ['[1,2)', 'empty'],
  numrange: ['[1.0,2)', '[1.00,2)'],
  tsrange: ['[2026-01-01,2026-01-02)', '[2026-01-01,2026-01-02]'],
  tstzrange: ['[2026-01-01 00:00+00,)', '(2026-01-01 00:00+00,)'],
  daterange: ['[2026-01-01,)', '(,2026-01-01)'],
  int8range: ['[1,2)', '[1,4294967296)'],
  int4multirange: ['{[1,2),[3,4)}', '{[1,4)}'],
  nummultirange: ['{[1.0,2)}', '{[1.00,2)}'],
  tsmultirange: ['{[2026-01-01,2026-01-02)}', '{[2026-01-01,2026-01-02]}'],
  tstzmultirange: ['{}', '{(,)}'],
  datemultirange: ['{[2026-01-01,)}', '{(,2026-01-01)}'],
  int8multirange: ['{[1,2)}', '{[1,4294967296)}'],
  cardinal_number: ['1', '4294967'],
  character_data: ['a', 'A'],
  sql_identifier: ['a', 'A'],
  time_stamp: ['2000-01-01 00:00:00.01+00', '2000-01-01 01:11:34.97+00'],
  yes_or_no: ['YES', 'NO'],
}

/** The server writes them itself and takes no text for them, so no dump of such a column can be loaded. */
const NEVER_LOADED = new Set([
  'pg_node_tree',
  'pg_ndistinct',
  'pg_dependencies',
  'pg_mcv_list',
  'pg_brin_bloom_summary',
  'pg_brin_minmax_multi_summary',
  'gtsvector',
])

/** Neither pseudo types nor the arrays of others; of row types those that a table may have as a column. */
const LIST = `
  select n.nspname as schema, t.typname as name, t.typtype as kind,
    (select count(*) from pg_attribute a where a.attrelid = t.typrelid and a.attnum > 0)::int as fields
  from pg_type t join pg_namespace n on n.oid = t.typnamespace
  where n.nspname in ('pg_catalog', 'information_schema') and t.typtype in ('b', 'e', 'c', 'r', 'm', 'd')
    and not exists (select from pg_type e where e.typarray = t.oid)
    and (t.typtype <> 'c' or n.nspname = 'pg_catalog') and not exists (
      select from pg_attribute a join pg_type f on f.oid = a.atttypid left join pg_type e on e.oid = f.typelem
      where a.attrelid = t.typrelid and a.attnum > 0 and (f.typtype = 'p' or e.typtype = 'c'))
  order by t.oid`

const quoted = (value: string): string => `'${value.replaceAll("'", "''")}'`

/** One pair for each way a value may stand in a column. `make` is run before. */
function waysOf(type: string, name: string, values: readonly [string, string]): Pair[] {
  const [one, other] = values.map((value) => `${quoted(value)}::${type}`)
  const pair = (how: string, column: string, of: (value: string) => string, make?: string): Pair => ({
    what: `${name}${how}`,
    columns: `v ${column}`,
    one: [`(${of(String(one))})`],
    other: [`(${of(String(other))})`],
    ...(make === undefined ? {} : { make }),
  })
  return [
    pair('', type, (value) => value),
    pair(' in an array', `${type}[]`, (value) => `array[null, ${value}]`),
    pair(' behind a domain', `"domain ${name}"`, (value) => value, `create domain "domain ${name}" as ${type}`),
    pair(
      ' in a composite',
      `"with ${name}"`,
      (value) => `row(1, ${value})`,
      `create type "with ${name}" as (n int, v ${type})`,
    ),
  ]
}

/** Types without values here: a new one of a new major, most likely. */
export interface Types {
  pairs: Pair[]
  unknown: string[]
}

export async function typesOf(server: TestServer, ways: 'alone' | 'every way'): Promise<Types> {
  const rows = await server.query('postgres', LIST)
  const types: Types = { pairs: [], unknown: [] }
  for (const { schema, name, kind, fields } of rows as {
    schema: string
    name: string
    kind: string
    fields: number
  }[]) {
    const type = `${schema}."${name}"`
    const values = VALUES[name]
    if (kind === 'c') {
      if (ways === 'alone') continue
      const empty = `'(${','.repeat(fields - 1)})'::${type}`
      types.pairs.push({ what: `rows of ${name}`, columns: `v ${type}`, one: ['(null)'], other: [`(${empty})`] })
    } else if (values !== undefined) {
      types.pairs.push(...waysOf(type, name, values).slice(0, ways === 'alone' ? 1 : undefined))
    } else if (!NEVER_LOADED.has(name)) types.unknown.push(name)
  }
  return types
}
