// The dumped schema as text that two servers can be compared by, object by object.
import { createHash } from 'node:crypto'

export interface SchemaEntry {
  /** `-- Name: ...; Type: ...; Schema: ...; Owner: ...` as pg_dump heads each object. */
  header: string
  body: string
}

const HEADER = /^-- Name: .*; Type: .*; Schema: .*; Owner: .*$/
/** Where something lies on the disk is the server's business: a proof has no tablespaces, and another server has others. */
const TABLESPACE = /; Tablespace: .*$/
const PREAMBLE = '-- settings'
/** Within these the order of lines says nothing: columns follow the order of inheritance, grants the order of a list. */
const UNORDERED = /; Type: (?:TABLE|ACL|DEFAULT ACL|FOREIGN TABLE);/

/**
 * Leaves out what differs without meaning: comments, empty lines, versions, the random keys of `\restrict` (CVE-2025-8714), the
 * session settings between objects, and commas at line ends.
 */
function isNoise(line: string): boolean {
  return (
    line.trim() === '' ||
    line === '--' ||
    line.startsWith(String.raw`\restrict `) ||
    line.startsWith(String.raw`\unrestrict `) ||
    /^-- (?:Dumped (?:from|by)|PostgreSQL database|Started on|Completed on)/.test(line) ||
    /^SET (?:default_tablespace|default_table_access_method|statement_timeout|lock_timeout|idle_in_transaction_session_timeout|transaction_timeout|client_encoding|standard_conforming_strings|check_function_bodies|xmloption|client_min_messages|row_security) =/.test(
      line,
    ) ||
    line.startsWith('SELECT pg_catalog.set_config(')
  )
}

export function schemaEntries(dump: string): SchemaEntry[] {
  const entries: { header: string; lines: string[] }[] = [{ header: PREAMBLE, lines: [] }]
  for (const line of dump.split('\n')) {
    if (HEADER.test(line)) entries.push({ header: line.replace(TABLESPACE, ''), lines: [] })
    else if (!isNoise(line)) entries.at(-1)?.lines.push(line)
  }
  return entries
    .map(({ header, lines }) => {
      const bare = lines.map((line) => line.replace(/,$/, ''))
      return { header, body: (UNORDERED.test(header) ? bare.toSorted() : bare).join('\n') }
    })
    .filter((entry) => entry.header !== PREAMBLE || entry.body !== '')
    .toSorted((left, right) => compare(left.header + left.body, right.header + right.body))
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}

/** One text per schema, the same for the same objects. */
export function canonicalSchema(dump: string): string {
  return schemaEntries(dump)
    .map((entry) => `${entry.header}\n${entry.body}\n`)
    .join('\n')
}

export function schemaDigest(canonical: string): string {
  return createHash('sha256').update(canonical).digest('hex')
}

/** The entries only one of two canonical texts has, at most `limit` of each side. */
export function schemaDifferences(
  expected: string,
  got: string,
  limit = 5,
): { missing: string[]; unexpected: string[] } {
  const entriesOf = (canonical: string): string[] => canonical.split('\n\n').filter((entry) => entry !== '')
  const [left, right] = [new Map<string, number>(), new Map<string, number>()]
  for (const entry of entriesOf(expected)) left.set(entry.trim(), (left.get(entry.trim()) ?? 0) + 1)
  for (const entry of entriesOf(got)) right.set(entry.trim(), (right.get(entry.trim()) ?? 0) + 1)
  const only = (one: Map<string, number>, other: Map<string, number>): string[] =>
    [...one.keys()].filter((entry) => (other.get(entry) ?? 0) < (one.get(entry) ?? 0)).slice(0, limit)
  return { missing: only(left, right), unexpected: only(right, left) }
}

/**
 * pg_dump writes this schema, which every database has, only where its owner is not the usual one; without the owner nothing is said.
 * https://github.com/postgres/postgres/blob/REL_17_STABLE/src/bin/pg_dump/pg_dump.c, selectDumpableNamespace
 */
function onlyOwner(entry: string): boolean {
  const [header = '', ...body] = entry.split('\n')
  return (
    header.startsWith('-- Name: public; Type: SCHEMA; Schema: -;') &&
    body.every((line) => line.startsWith('--') || line === 'CREATE SCHEMA public;')
  )
}

/** Leaves out what a restore without the right to give objects away cannot reproduce. */
export function withoutOwners(canonical: string): string {
  const kept = canonical
    .split('\n\n')
    .filter(
      (entry) =>
        !/^-- Name: EXTENSION .*; Type: COMMENT/.test(entry.trim()) && !/; Type: (?:DEFAULT )?ACL;/.test(entry),
    )
  const bare = kept.map((entry) =>
    entry
      .split('\n')
      .map((line) => line.replace(/; Owner: .*$/, '; Owner: *'))
      .filter((line) => !/^ALTER .* OWNER TO .*;$/.test(line))
      .join('\n')
      .trim(),
  )
  return bare
    .filter((entry) => !onlyOwner(entry))
    .toSorted()
    .join('\n\n')
}
