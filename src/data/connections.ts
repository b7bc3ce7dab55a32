// How many connections work may open at once: a database, a role or the server may have a limit, and a dump or a restore that meets it
// half-way is lost.
import type { Connection, ConnectionTarget } from '../ports/database.ts'
import type { DataDeps, TaskContext } from './deps.ts'
import { one, text, unhindered, withConnection } from './session.ts'

/**
 * Whose limit leaves the least. Superusers are bound by the server's only; whatever is no background worker counts for a database's.
 * What kind of session it is, is hidden from whoever may not see it: all of those count.
 * https://www.postgresql.org/docs/current/runtime-config-connection.html, and CountDBConnections in
 * https://github.com/postgres/postgres/blob/REL_17_STABLE/src/backend/storage/ipc/procarray.c
 */
const FREE = `
  with me as (
    select d.datname, d.datconnlimit, r.rolname, r.rolconnlimit, r.rolsuper
    from pg_database d, pg_roles r where d.datname = current_database() and r.rolname = session_user),
  busy as (select datname, usename, coalesce(backend_type, 'client backend') as kind from pg_stat_activity),
  limits as (
    select 'database' as whose, datconnlimit - (select count(*) from busy
      where busy.datname = me.datname and kind in ('client backend', 'autovacuum worker', 'walsender')) as free
    from me where datconnlimit >= 0 and not rolsuper
    union all select 'role', rolconnlimit - (select count(*) from busy where busy.usename = me.rolname and kind in ('client backend', 'walsender'))
    from me where rolconnlimit >= 0 and not rolsuper
    union all select 'server', current_setting('max_connections')::int
      - (select count(*) from busy where datname is not null and kind = 'client backend')
      - case when rolsuper then 0 else current_setting('superuser_reserved_connections')::int
          + coalesce(current_setting('reserved_connections', true)::int, 0) end
    from me)
  select whose, greatest(0, free)::text as free from limits order by limits.free limit 1`

/** A session that has ended is counted until its process is gone. */
const LOOK_AGAIN_MS = 200
const LOOKS = 3

/** Connections that so many jobs take in all. */
export type Need = (jobs: number) => number

/** pg_dump has one for itself beside its jobs, unless there is only one; the structure is dumped and rows are read meanwhile. */
export const NEEDED_TO_BACK_UP: Need = (jobs) => (jobs > 1 ? jobs + 1 : 1) + jobs + 1

/** Beside the workers, or the lanes of the comparison: who reads early, who fills large objects, who looks from another database. */
export const NEEDED_TO_RESTORE: Need = (jobs) => jobs + 3

/** As many as asked for, or as have connections; with none left one, which says what the server says. */
export function jobsWithin(free: number, asked: number, need: Need): number {
  let jobs = asked
  while (jobs > 1 && need(jobs) > free) jobs -= 1
  return jobs
}

export interface Asking {
  /** As the login that works, to the database it works in. */
  connection: Connection
  role: string
  jobs: number
  need: Need
}

/** Says so where it is fewer than were asked for. */
export async function fittingJobs(deps: DataDeps, context: TaskContext, asking: Asking): Promise<number> {
  const { connection, role, jobs: asked, need } = asking
  for (let look = 1; ; look++) {
    // Inside a transaction it is read once and kept.
    await connection.query('select pg_stat_clear_snapshot()')
    const row = one(await connection.query(FREE))
    const free = Number(text(row, 'free'))
    const jobs = jobsWithin(free, asked, need)
    if (jobs === asked) return jobs
    if (look === LOOKS) {
      const note = `the limit of the ${text(row, 'whose')} leaves ${free} connections: ${jobs} of ${asked} jobs`
      context.report({ phase: 'connections', role, note })
      return jobs
    }
    await deps.clock.sleep(LOOK_AGAIN_MS, context.signal)
  }
}

/** The same, where no connection is open yet. */
export async function fittingJobsAt(
  deps: DataDeps,
  context: TaskContext,
  { target, major, ...asking }: Omit<Asking, 'connection'> & { target: ConnectionTarget; major: number },
): Promise<number> {
  return await withConnection(
    deps,
    target,
    unhindered(major),
    context.signal,
    async (connection) => await fittingJobs(deps, context, { connection, ...asking }),
  )
}
