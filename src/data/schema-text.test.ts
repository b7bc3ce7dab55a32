import { expect, test } from 'vitest'
import { canonicalSchema, schemaDifferences, schemaDigest, schemaEntries, withoutOwners } from './schema-text.ts'

const TABLE = `--
-- Name: orders; Type: TABLE; Schema: public; Owner: app
--

CREATE TABLE public.orders (
    id integer NOT NULL,
    note text
);


ALTER TABLE public.orders OWNER TO app;
`
const FUNCTION = `--
-- Name: touch(); Type: FUNCTION; Schema: public; Owner: app
--

CREATE FUNCTION public.touch() RETURNS trigger
    AS $$ begin
  perform 1;
  perform 2;
end $$;
`

function dump(key: string, minor: string, ...entries: string[]): string {
  return `--
-- PostgreSQL database dump
--

\\restrict ${key}

-- Dumped from database version ${minor}
-- Dumped by pg_dump version ${minor}

SET statement_timeout = 0;
SET client_encoding = 'UTF8';
SELECT pg_catalog.set_config('search_path', '', false);

${entries.join('\n')}
--
-- PostgreSQL database dump complete
--

\\unrestrict ${key}
`
}

test('the random key, versions, settings and order of objects do not matter', () => {
  const one = canonicalSchema(dump('abc', '15.10', TABLE, FUNCTION))
  const other = canonicalSchema(dump('xyz', '15.20', FUNCTION, TABLE))
  expect(other).toBe(one)
  expect(one).not.toMatch(/restrict|15\.|SET |set_config/)
})

test('columns may come in another order, statements of a function may not', () => {
  const columns = TABLE.replace(
    '    id integer NOT NULL,\n    note text\n',
    '    note text,\n    id integer NOT NULL\n',
  )
  expect(canonicalSchema(dump('k', '15', columns))).toBe(canonicalSchema(dump('k', '15', TABLE)))
  const body = FUNCTION.replace('perform 1;\n  perform 2;', 'perform 2;\n  perform 1;')
  expect(canonicalSchema(dump('k', '15', body))).not.toBe(canonicalSchema(dump('k', '15', FUNCTION)))
})

test.each([
  ['a type', 'id integer', 'id bigint'],
  ['a constraint', ' NOT NULL', ''],
  ['an owner', 'OWNER TO app', 'OWNER TO other'],
  ['a name', 'note text', 'notes text'],
])('%s matters', (_, from, to) => {
  const [one, other] = [
    canonicalSchema(dump('k', '15', TABLE)),
    canonicalSchema(dump('k', '15', TABLE.replace(from, to))),
  ]
  expect(schemaDigest(other)).not.toBe(schemaDigest(one))
  const { missing, unexpected } = schemaDifferences(one, other)
  expect([missing.length, unexpected.length]).toEqual([1, 1])
  expect(missing[0]).toMatch(/^-- Name: orders; Type: TABLE/)
})

test('a column that moved to another table is a difference', () => {
  const items = TABLE.replaceAll('orders', 'items').replace('    note text\n', '').replace('NOT NULL,', 'NOT NULL')
  const moved = [items.replace('NOT NULL', 'NOT NULL,\n    note text'), TABLE.replace(',\n    note text', '')]
  expect(canonicalSchema(dump('k', '15', ...moved))).not.toBe(canonicalSchema(dump('k', '15', items, TABLE)))
})

test('a missing object is told apart from a new one', () => {
  const [both, one] = [canonicalSchema(dump('k', '15', TABLE, FUNCTION)), canonicalSchema(dump('k', '15', TABLE))]
  expect(schemaDifferences(both, one)).toMatchObject({ missing: [expect.stringContaining('touch()')], unexpected: [] })
  expect(schemaDifferences(one, both)).toMatchObject({ missing: [], unexpected: [expect.stringContaining('touch()')] })
  expect(schemaDifferences(one, one)).toEqual({ missing: [], unexpected: [] })
})

test('every object is an entry of its own', () => {
  expect(schemaEntries(dump('k', '15', TABLE, FUNCTION)).map((entry) => entry.header)).toEqual([
    '-- Name: orders; Type: TABLE; Schema: public; Owner: app',
    '-- Name: touch(); Type: FUNCTION; Schema: public; Owner: app',
  ])
})

const PUBLIC = `--
-- Name: public; Type: SCHEMA; Schema: -; Owner: app
--

-- *not* creating schema, since initdb creates it


ALTER SCHEMA public OWNER TO app;
`

test('without owners, that somebody else owns the schema public is no difference; anything else of it is', () => {
  const bare = (...entries: string[]): string => withoutOwners(canonicalSchema(dump('k', '15', ...entries)))
  expect(bare(PUBLIC, TABLE)).toBe(bare(TABLE.replaceAll('app', 'other')))
  const comment = `--\n-- Name: SCHEMA public; Type: COMMENT; Schema: -; Owner: app\n--\n\nCOMMENT ON SCHEMA public IS 'ours';\n`
  expect(schemaDifferences(bare(PUBLIC, comment, TABLE), bare(TABLE)).missing).toHaveLength(1)
  const another = PUBLIC.replaceAll('public', 'publicity').replace('-- *not*', 'CREATE SCHEMA publicity; -- *not*')
  expect(schemaDifferences(bare(another, TABLE), bare(TABLE)).missing).toHaveLength(1)
})
