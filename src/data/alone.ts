// How a database stands when nobody else is in it: closed to everybody, every other session ended, and all that they wrote counted.
import { whatWasWritten, type Standing } from '../core/data/standing.ts'
import type { DatabaseTarget } from '../core/data/tasks.ts'
import { PawlError } from '../core/errors.ts'
import { QueryFailed, type Connection } from '../ports/database.ts'
import { adminTarget, connectAdmin } from './admin.ts'
import { allowConnections, endSessions, type DatabaseMark } from './databases.ts'
import type { DataDeps, TaskContext } from './deps.ts'
import { readStanding } from './look.ts'
import { serverVersion, TEXT_PINS } from './session.ts'

const SESSIONS_TIMEOUT_MS = 30_000
/** Sessions go within milliseconds of being told to; only those that do not are worth waiting longer for. */
const FIRST_POLL_MS = 2
const LAST_POLL_MS = 200

/** From here on a session's counts are there when it is gone; before, they are read from a file that may be half a second old (PGSTAT_STAT_INTERVAL). */
const COUNTED_AT_ONCE_SINCE = 15
const COUNTED_WITHIN_MS = 700

/** Waits until nobody else is connected any more. Throws `writers-remain`. */
export async function empty(
  deps: DataDeps,
  context: TaskContext,
  connection: Connection,
  names: readonly string[],
): Promise<void> {
  if (names.length === 0) return
  const deadline = deps.clock.now().getTime() + SESSIONS_TIMEOUT_MS
  for (let pollMs = FIRST_POLL_MS; ; pollMs = Math.min(pollMs * 2, LAST_POLL_MS)) {
    const left = await endSessions(connection, names)
    if (left === 0) return
    context.report({ phase: 'wait', note: `waiting for ${left} sessions to end` })
    if (deps.clock.now().getTime() > deadline) {
      const message = `${left} sessions or prepared transactions do not end in ${names.join(', ')}.`
      throw new PawlError({ code: 'writers-remain', message, facts: { sessions: left } })
    }
    await deps.clock.sleep(pollMs, context.signal)
  }
}

/** A database that Pawl made beside a live one. */
export interface Beside {
  /** To another database of its server, as an administrator. */
  connection: Connection
  /** The live one. */
  database: DatabaseTarget
  name: string
  /** Lets others in, or nobody; for who has to know more of the database than its name. */
  allow?: (allowed: boolean) => Promise<void>
}

/** The door is shut behind the one session that is let in, and where it is not let in. */
async function enter(deps: DataDeps, context: TaskContext, beside: Beside): Promise<Connection> {
  const { connection, database, name } = beside
  const { allow = async (allowed: boolean) => await allowConnections(connection, name, allowed) } = beside
  const target = await adminTarget(deps, database, name)
  await allow(true)
  // How a definition reads depends on settings, and the database's own come back between two looks at it.
  const entering = connectAdmin(deps, target, context.signal, TEXT_PINS)
  const entered = await entering.catch(async (error: unknown) => {
    await allow(false)
    throw error
  })
  try {
    await allow(false)
    return entered
  } catch (error) {
    await entered.close()
    throw error
  }
}

/**
 * Whoever asks gets the database's file of counts where that is at most half a second old; else it is written anew, after all that those who
 * are gone by then had to say. So there are two times from which it certainly is: by the file's own, in whole seconds; and by the one that
 * stands to the microsecond in front of the server's file, which is written with every other one (and is what counts where the database has
 * no file yet). What stands there is believed only where it makes sense.
 * https://github.com/postgres/postgres/blob/REL_14_STABLE/src/backend/postmaster/pgstat.c, backend_read_statsfile,
 * pgstat_read_db_statsfile_timestamp and pgstat_write_statsfiles
 */
const COUNTED_ANEW_IN = `
  with files as (
    select format('%s/db_%s.stat', current_setting('stats_temp_directory'), oid) as own,
      format('%s/global.stat', current_setting('stats_temp_directory')) as global
    from pg_database where datname = current_database()
  ), written as (
    select (pg_stat_file(own, true)).modification as own, (pg_stat_file(global, true)).modification as global,
      (select timestamptz '2000-01-01 00:00:00+00' + sum(get_byte(stamp, i)::numeric * 256 ^ i)::bigint * interval '1 microsecond'
        from pg_read_binary_file(global, 4, 8, true) stamp, generate_series(0, 7) i where length(stamp) = 8) as stamped
    from files
  )
  select ceil(1000 * extract(epoch from least(
      coalesce(own, global) + interval '1550 milliseconds',
      case when stamped between global - interval '5 seconds' and global + interval '2 seconds'
        then stamped + interval '550 milliseconds' end
    ) - clock_timestamp()))::text as ms
  from written`

/** Waits as long as the counts may be old; how long that is can be seen by a superuser only. */
async function allCounted(deps: DataDeps, context: TaskContext, inside: Connection): Promise<void> {
  const rows = await inside.query(COUNTED_ANEW_IN).catch((error: unknown) => {
    if (error instanceof QueryFailed) return []
    throw error
  })
  const waitMs = Math.min(Number(rows[0]?.['ms'] ?? COUNTED_WITHIN_MS), COUNTED_WITHIN_MS)
  if (waitMs > 0) await deps.clock.sleep(waitMs, context.signal)
}

/** Leaves it closed. What is written afterwards, whatever somebody opens and closes for it, makes another standing. Throws `writers-remain`. */
export async function standingAlone(deps: DataDeps, context: TaskContext, beside: Beside): Promise<Standing> {
  const inside = await enter(deps, context, beside)
  try {
    await empty(deps, context, inside, [beside.name])
    const { major } = await serverVersion(inside)
    if (major < COUNTED_AT_ONCE_SINCE) await allCounted(deps, context, inside)
    return await readStanding(inside)
  } finally {
    await inside.close()
  }
}

/**
 * In words, what was written into a closed copy since it was compared; undefined where nothing was. A copy without a note of how it stood
 * is compared in another way.
 */
export async function writtenSince(
  deps: DataDeps,
  context: TaskContext,
  beside: Beside,
  { standing }: DatabaseMark,
): Promise<string | undefined> {
  return standing === undefined ? undefined : whatWasWritten(standing, await standingAlone(deps, context, beside))
}
