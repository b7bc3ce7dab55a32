// How many connections a backup may open at once: a database, a role or the server may have a limit, and a dump that meets it half-way
// is lost.
import type { Connection } from '../../ports/database.ts'
import type { DataDeps, TaskContext } from '../deps.ts'
import { one, text } from '../session.ts'

/**
 * What kind of session it is, is hidden from whoever may not see it: all of those count. Superusers are bound by the server's limit only. https://www.postgresql.org/docs/current/runtime-config-connection.html, and
 * https://github.com/postgres/postgres/blob/REL_17_STABLE/src/backend/utils/init/postinit.c, CheckMyDatabase
 */
const FREE = `
  with busy as (
    select datname, usename from pg_stat_activity
    where datname is not null and coalesce(backend_type, 'client backend') = 'client backend')
  select greatest(0, least(
    case when not r.rolsuper and d.datconnlimit >= 0
      then d.datconnlimit - (select count(*) from busy where busy.datname = d.datname) end,
    case when not r.rolsuper and r.rolconnlimit >= 0
      then r.rolconnlimit - (select count(*) from busy where busy.usename = r.rolname) end,
    current_setting('max_connections')::int - (select count(*) from busy)
      - case when r.rolsuper then 0 else current_setting('superuser_reserved_connections')::int
          + coalesce(current_setting('reserved_connections', true)::int, 0) end))::text as free
  from pg_database d, pg_roles r where d.datname = current_database() and r.rolname = session_user`

/** A session that has ended is counted until its process is gone. */
const LOOK_AGAIN_MS = 200
const LOOKS = 3

/** pg_dump has one for itself beside its jobs, unless there is only one; the structure is dumped and rows are read meanwhile. */
function neededBy(jobs: number): number {
  return (jobs > 1 ? jobs + 1 : 1) + jobs + 1
}

/** As many as asked for, or as have connections; with none left one, which says what the server says. */
export function jobsWithin(free: number, asked: number): number {
  let jobs = asked
  while (jobs > 1 && neededBy(jobs) > free) jobs -= 1
  return jobs
}

async function freeNow(connection: Connection): Promise<number> {
  // Inside a transaction it is read once and kept.
  await connection.query('select pg_stat_clear_snapshot()')
  return Number(text(one(await connection.query(FREE)), 'free'))
}

/** `connection` is the one that holds the snapshot, as the login that dumps. Says so where it is fewer than were asked for. */
export async function fittingJobs(
  deps: DataDeps,
  context: TaskContext,
  { connection, role, jobs: asked }: { connection: Connection; role: string; jobs: number },
): Promise<number> {
  for (let look = 1; ; look++) {
    const free = await freeNow(connection)
    const jobs = jobsWithin(free, asked)
    if (jobs === asked) return jobs
    if (look === LOOKS) {
      context.report({
        phase: 'dump',
        role,
        note: `the server has ${free} connections left for this: ${jobs} of ${asked} jobs`,
      })
      return jobs
    }
    await deps.clock.sleep(LOOK_AGAIN_MS, context.signal)
  }
}
