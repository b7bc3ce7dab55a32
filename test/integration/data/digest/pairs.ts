// Tables that are nearly equal: whatever computes a digest must tell the two of each pair apart, or (SAME) must not.

/** Two tables of the same columns. Each text is one row of VALUES, or a SELECT. */
export interface Pair {
  what: string
  columns: string
  one: readonly string[]
  other: readonly string[]
  /** SQL that makes what the columns need. */
  make?: string
}

const pair = (
  what: string,
  columns: string,
  one: string | readonly string[],
  other: string | readonly string[],
): Pair => ({
  what,
  columns,
  one: [one].flat(),
  other: [other].flat(),
})

const TWO_TEXTS = 'a text, b text'
const TWO_INTS = 'a int, b int'

/** Where a row, or a column in it, ends. */
const BORDERS: Pair[] = [
  pair('null and empty', 'a text', '(null)', `('')`),
  pair('null and the word', 'a text', '(null)', `('NULL')`),
  pair('null and an escaped N', 'a text', '(null)', String.raw`('\N')`),
  pair('null and no row', 'a text', '(null)', []),
  pair('null and zero', 'a int', '(null)', '(0)'),
  pair('no columns, one row more', '', ['select'], ['select', 'select']),
  pair('a comma in the first or the second', TWO_TEXTS, `('a,b', 'c')`, `('a', 'b,c')`),
  pair('quotes and a comma', TWO_TEXTS, `('a","b', 'c')`, `('a', 'b","c')`),
  pair('quoted or not', 'a text', `('a')`, `('"a"')`),
  pair('one quote or two', 'a text', `('"')`, `('""')`),
  pair('one backslash or two', 'a text', String.raw`('\')`, String.raw`('\\')`),
  pair('brackets', 'a text', `('a')`, `('(a)')`),
  pair('a letter over the border', TWO_TEXTS, `('ab', 'c')`, `('a', 'bc')`),
  pair('all in the first or the second', TWO_TEXTS, `('a', '')`, `('', 'a')`),
  pair('null in the first or the second', TWO_TEXTS, `(null, 'a')`, `('a', null)`),
  pair('null before empty', TWO_TEXTS, `('', null)`, `(null, '')`),
  pair('null between two others', 'a int, b int, c int', '(1, null, 2)', '(1, 2, null)'),
  pair('a line break', 'a text', String.raw`(E'a\nb')`, String.raw`(E'a\r\nb')`),
  pair('digits over the border', TWO_INTS, '(1, 23)', '(12, 3)'),
]

/** The same values at other places. */
const PLACES: Pair[] = [
  pair('between two rows of a column', 'id int, v text', [`(1, 'a')`, `(2, 'b')`], [`(1, 'b')`, `(2, 'a')`]),
  pair(
    'between two rows, far apart in value',
    'id int, v int8',
    ['(1, 5)', '(2, 4294967296)'],
    ['(1, 4294967296)', '(2, 5)'],
  ),
  pair(
    'between two rows of three columns',
    'id int, v int, w int',
    ['(1, 5, 7)', '(2, 6, 8)'],
    ['(1, 5, 8)', '(2, 6, 7)'],
  ),
  pair('between two columns of text', TWO_TEXTS, `('a', 'b')`, `('b', 'a')`),
  pair('between two columns of numbers', TWO_INTS, '(1, 2)', '(2, 1)'),
  pair('between two columns of long numbers', 'a int8, b int8', '(1, 4294967296)', '(4294967296, 1)'),
  pair('round three columns', 'a int, b int, c int', '(1, 2, 3)', '(3, 1, 2)'),
  pair('between columns of different type', 'a int, b text', `(1, '2')`, `(2, '1')`),
  pair('nulls that change rows', TWO_INTS, ['(1, null)', '(null, 2)'], ['(1, 2)', '(null, null)']),
  pair('ones that change rows', TWO_INTS, ['(0, 1)', '(1, 0)'], ['(0, 0)', '(1, 1)']),
  pair('equal columns', TWO_INTS, '(1, 1)', '(2, 2)'),
  pair('equal columns of text', TWO_TEXTS, `('a', 'a')`, `('b', 'b')`),
  pair('two equal columns beside a third', 'a int, b int, c int', '(1, 1, 3)', '(2, 2, 3)'),
]

/** How often, not what. */
const COUNTS: Pair[] = [
  pair('one row doubled, one missing', 'a int', ['(1)', '(1)', '(2)'], ['(1)', '(2)', '(2)']),
  pair('a pair of equal rows replaced by another', 'a int', ['(1)', '(1)', '(2)'], ['(3)', '(3)', '(2)']),
  pair('every row twice', 'a int', ['(1)', '(2)'], ['(1)', '(2)', '(1)', '(2)']),
  pair(
    'sixty-four equal rows, of another value',
    'a int',
    'select 1 from generate_series(1, 64)',
    'select 2 from generate_series(1, 64)',
  ),
  pair('one of a thousand', 'a int', 'select generate_series(1, 1000)', 'select nullif(generate_series(1, 1000), 500)'),
  pair('one row more', 'a int', 'select 0 from generate_series(1, 64)', 'select 0 from generate_series(1, 65)'),
]

/** What a type's own equality, or its own hash, does not see. */
const EQUALS: Pair[] = [
  pair('long numbers with their halves exchanged', 'a int8', '(1)', '(4294967296)'),
  pair('a negative long number', 'a int8', '(-1)', '(4294967295)'),
  pair('another negative long number', 'a int8', '(-2)', '(4294967294)'),
  pair('halves exchanged in an array', 'a int8[]', `('{1,2}')`, `('{4294967296,2}')`),
  pair('halves exchanged in a field', 'a holder', '(row(1, null))', '(row(4294967296, null))'),
  pair('halves exchanged in a bound', 'a int8range', `('[1,)')`, `('[4294967296,)')`),
  pair('a day and its hours', 'a interval', `('1 day')`, `('24:00')`),
  pair('a month less a month of days', 'a interval', `('0')`, `('1 mon -30 days')`),
  pair('an instant in another zone', 'a timetz', `('12:00+00')`, `('12:00:01+00:00:01')`),
  pair('not a number, and its absence', 'a float8', `('NaN')`, '(null)'),
  pair('a number that is none', 'a numeric', `('NaN')`, '(0)'),
  pair('infinities', 'a float8', `('Infinity')`, `('-Infinity')`),
  pair('the last bit of a double', 'a float8', '(0.1)', `('0.10000000000000002')`),
  pair('the last bit of a single', 'a float4', '(0.1)', `('0.10000001')`),
  pair('the scale of zero', 'a numeric', '(0)', `('0.00')`),
  pair('the scale in an array', 'a numeric[]', `('{1.0}')`, `('{1.00}')`),
  pair('the scale in a field', 'a holder', '(row(1, 1.0))', '(row(1, 1.00))'),
  pair('a number in a document', 'a jsonb', `('{"a":1.0}')`, `('{"a":1.00}')`),
  pair('a null in a document', 'a jsonb', `('{"a":null}')`, `('{}')`),
  pair('a number and its text in a document', 'a jsonb', `('{"a":1}')`, `('{"a":"1"}')`),
  pair('a key that a document has twice', 'a json', `('{"a":1,"a":2}')`, `('{"a":2}')`),
  pair('blanks at the end', 'a bpchar', `('a')`, `('a  ')`),
  pair('blanks at the end of a text', 'a text', `('a')`, `('a ')`),
  pair('case, where the collation sees none', 'a text collate blind', `('abc')`, `('ABC')`),
  pair('accents, where the collation sees none', 'a text collate blinder', `('aa')`, `('ää')`),
  pair('two ways to write an accent', 'a text', String.raw`(U&'\00e4')`, String.raw`(U&'a\0308')`),
  pair(
    'two ways to write an accent, for ICU',
    'a text collate blind',
    String.raw`(U&'\00e4')`,
    String.raw`(U&'a\0308')`,
  ),
  pair('case in an array without a collation for it', 'a text[] collate blind', `('{abc}')`, `('{ABC}')`),
  pair('case behind a domain', 'a blind_text', `('abc')`, `('ABC')`),
  pair('case in a field', 'a blind_holder', `(row('abc'))`, `(row('ABC'))`),
  pair('case of citext', 'a citext', `('abc')`, `('ABC')`),
  pair('case of citext in an array', 'a citext[]', `('{abc}')`, `('{ABC}')`),
  pair('other lower bounds', 'a int[]', `('{1,2}')`, `('[0:1]={1,2}')`),
  pair('one dimension or two', 'a int[]', `('{1,2,3,4}')`, `('{{1,2},{3,4}}')`),
  pair('two dimensions, the other way', 'a int[]', `('{{1,2,3},{4,5,6}}')`, `('{{1,2},{3,4},{5,6}}')`),
  pair('an empty array', 'a int[]', `('{}')`, '(null)'),
  pair('an array of nothing', 'a int[]', `('{}')`, `('{null}')`),
  pair('the word null in an array', 'a text[]', `('{null}')`, `('{"null"}')`),
  pair('a comma in an array', 'a text[]', `('{"a,b"}')`, `('{a,b}')`),
  pair('an array in another order', 'a int[]', `('{1,2}')`, `('{2,1}')`),
  pair('a composite of nothing', 'a holder', '(null)', '(row(null, null))'),
  pair('fields exchanged', 'a pair_of_ints', '(row(1, 2))', '(row(2, 1))'),
  pair('labels of an enum', 'a mood', `('fine')`, `('Fine')`),
  pair('labels of an enum in a range', 'a moods', `('[fine,Fine)')`, `('[fine,fine]')`),
  pair('labels of an enum in an array', 'a mood[]', `('{fine,Fine}')`, `('{Fine,fine}')`),
  pair('bounds of a range', 'a numrange', `('[1,2]')`, `('[1,2)')`),
  pair('an empty range', 'a int4range', `('empty')`, '(null)'),
  pair('the mask of an address', 'a inet', `('10.0.0.1')`, `('10.0.0.1/24')`),
  pair('an old address in the new notation', 'a inet', `('10.0.0.1')`, `('::ffff:10.0.0.1')`),
  pair('no bits', 'a varbit', `('')`, '(null)'),
  pair('bits of another length', 'a varbit', `('1')`, `('10')`),
  pair('a zero byte', 'a bytea', String.raw`('\x')`, String.raw`('\x00')`),
  pair('bytes that are a text', 'a bytea', String.raw`('\x5c78')`, String.raw`('\x5c7830')`),
  pair('the one byte that is none', 'a "char"', `('')`, '(null)'),
  pair('where a word stands', 'a tsvector', `('a:1')`, `('a:2')`),
  pair('the weight of a word', 'a tsquery', `('a')`, `('a:A')`),
  pair('a table of the same name', 'a regclass', `('one.named')`, `('other.named')`),
  pair('a table and its number', 'a regclass', `('one.named')`, `('0')`),
  pair('functions of the same name', 'a regprocedure', `('one.named(int)')`, `('one.named(text)')`),
  pair('the order of coordinates', 'a point', `('(1,2)')`, `('(2,1)')`),
  pair('a year before ours', 'a date', `('0001-01-01')`, `('0001-01-01 BC')`),
  pair('a value that fills pages', 'a text', `select repeat('x', 100000) || 'y'`, `select repeat('x', 100000) || 'z'`),
  pair('a value that no compression makes smaller', 'a bytea', noise('00'), noise('01')),
  pair('generated from the others', 'a int, b int generated always as (a % 2) stored', '(1)', '(3)'),
  pair('pairs of a map', 'a hstore', `('a=>1')`, `('a=>NULL')`),
  pair('the word null in a map', 'a hstore', `('a=>NULL')`, `('a=>"NULL"')`),
  pair('a path of labels', 'a ltree', `('a.b')`, `('a.B')`),
  pair('a question of labels', 'a lquery', `('a.*')`, `('a.*{1}')`),
]

function noise(end: string): string {
  return `select decode(string_agg(md5(i::text), '' order by i) || '${end}', 'hex') from generate_series(1, 4000) i`
}

export const DIFFERENT: readonly Pair[] = [...BORDERS, ...PLACES, ...COUNTS, ...EQUALS]

/** Only where the extension is. */
export const POSTGIS: readonly Pair[] = [
  pair('the last bit of a coordinate', 'a geometry', `('POINT(0.1 0)')`, `('POINT(0.10000000000000002 0)')`),
  pair('a negative zero', 'a geometry', `('POINT(0 0)')`, `('POINT(-0 0)')`),
  pair('the system of coordinates', 'a geometry', `('SRID=4326;POINT(1 2)')`, `('SRID=3857;POINT(1 2)')`),
  pair('a measure and a height', 'a geometry', `('POINT Z (1 2 3)')`, `('POINT M (1 2 3)')`),
  pair('the direction of a ring', 'a geometry', `('POLYGON((0 0,1 0,1 1,0 0))')`, `('POLYGON((0 0,1 1,1 0,0 0))')`),
  pair('one thing and a collection of it', 'a geometry', `('POINT(1 2)')`, `('MULTIPOINT(1 2)')`),
  pair('emptiness of two kinds', 'a geometry', `('POINT EMPTY')`, `('LINESTRING EMPTY')`),
  pair('a place on the globe', 'a geography', `('POINT(1 2)')`, `('POINT(2 1)')`),
  pair('shapes in an array', 'a geometry[]', `(array['POINT(1 2)'::geometry])`, `(array['POINT(2 1)'::geometry])`),
  pair('a box', 'a box2d', `('BOX(0 0,1 1)')`, `('BOX(0 0,1 2)')`),
  pair('a box in space', 'a box3d', `('BOX3D(0 0 0,1 1 1)')`, `('BOX3D(0 0 0,1 1 2)')`),
]

/** Written in two ways, or kept in two ways, and yet the same. */
export const SAME: readonly Pair[] = [
  pair('the order of rows', 'a int', ['(1)', '(2)', '(3)'], ['(3)', '(1)', '(2)']),
  pair('an instant written in another zone', 'a timestamptz', `('2026-01-01 12:00+00')`, `('2026-01-01 13:00+01')`),
  pair('a year and its months', 'a interval', `('1 year')`, `('12 mons')`),
  pair('the order of keys', 'a jsonb', `('{"a":1,"b":2}')`, `('{"b":2, "a":1}')`),
  pair('bounds that are the usual ones', 'a int[]', `('{1,2}')`, `('[1:2]={1,2}')`),
  pair('a range of whole numbers', 'a int4range', `('[1,2]')`, `('[1,3)')`),
  pair('blanks that the type adds', 'a char(5)', `('a')`, `('a  ')`),
  pair('exponents', 'a numeric', `('1e5')`, `('100000')`),
]

/** What the columns above are made of. */
export const MAKE = `
  create schema one; create schema other; create table one.named (); create table other.named ();
  create function one.named(int) returns int language sql as 'select 1'; create function one.named(text) returns int language sql as 'select 1';
  create collation blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
  create collation blinder (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
  create domain blind_text as text collate blind; create type blind_holder as (v text collate blind);
  create type holder as (n int8, v numeric); create type pair_of_ints as (a int, b int);
  create type mood as enum ('fine', 'Fine'); create type moods as range (subtype = mood);
  create extension hstore; create extension citext; create extension ltree;`
