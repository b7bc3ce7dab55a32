// Judges a copy by the promises that the writers keep in every transaction. Knows nothing of digests and dumps.
import type { TestServer } from '../../support/postgres.ts'

const BROKEN = `
  select 'the two sides do not add up' as broken where (select sum(amount) from left_side) + (select sum(amount) from right_side) <> 0
  union all select 'entries of writer ' || c.writer from counters c
    where (c.n, c.n) <> (select count(*)::int, coalesce(max(n), 0) from entries e where e.writer = c.writer)
  union all select 'the cache is not of its generation' from cache_state s
    where s.rows <> (select count(*) from cache) or exists (select from cache c where c.generation <> s.generation)
  union all select 'the shape is not of its type' from shape_state s
    where (s.type, 500, 125250) <> (select coalesce(min(pg_typeof(v)::text), ''), count(*)::int, coalesce(sum(v), 0)::int from shape)
  union all select 'a table too many, or too few' where exists (
    (select relname::text from pg_class where relkind = 'r' and relname like 'extra\\_%' except select name from extras) union all
    (select name from extras except select relname::text from pg_class where relkind = 'r'))
  union all select 'the index' from index_state where present <> (to_regclass('by_note') is not null)
  union all select 'the ballast' where (select count(*) from ballast) <> 20000`

/** What is wrong with the copy; empty where it may be a moment of the database between the two counts. */
export async function brokenPromises(
  server: TestServer,
  copy: string,
  entries: { atLeast: number; atMost: number },
): Promise<string[]> {
  const broken = (await server.query(copy, BROKEN)).map((row) => String(row['broken']))
  for (const { name, rows } of await server.query(copy, 'select name, rows from extras')) {
    const [found] = await server.query(copy, `select count(*)::int as n from "${String(name)}"`)
    if (found?.['n'] !== rows) broken.push(`${String(name)} has ${String(found?.['n'])} rows, not ${String(rows)}`)
  }
  const [count] = await server.query(copy, 'select count(*)::int as n from entries')
  const n = Number(count?.['n'])
  if (n < entries.atLeast || n > entries.atMost)
    broken.push(`${n} entries, which it had neither before nor after (${entries.atLeast} to ${entries.atMost})`)
  return broken
}
