// Notices when somebody waits for an exclusive lock on a table that the snapshot's holder keeps: everybody who comes later waits
// behind, the product and the dump's own workers too. Only letting go of the snapshot resolves that.
import { PawlError } from '../../core/errors.ts'
import type { ConnectionTarget } from '../../ports/database.ts'
import type { DataDeps } from '../deps.ts'
import { one, text, UNHINDERED } from '../session.ts'

const LOOK_EVERY_MS = 500
/** One look may catch a lock that is just changing hands. */
const LOOKS_IN_A_ROW = 2

/** Who waits for a table of this database behind one of our own sessions, and in front of whom one of them waits. */
const WAITING = `
  select count(*)::text as waiting, coalesce(string_agg(distinct coalesce(nullif(o.application_name, ''), o.usename, '?'), ', '), '') as others
  from pg_locks w join pg_stat_activity a on a.pid = w.pid
  cross join lateral unnest(pg_blocking_pids(w.pid)) as p (pid) left join pg_stat_activity b on b.pid = p.pid
  join pg_stat_activity o on o.pid = case when a.application_name = 'pawl' then b.pid else a.pid end
  where not w.granted and w.locktype = 'relation' and 'pawl' in (a.application_name, b.application_name) and a.datname = current_database()`

export interface LockWatch {
  /** Aborts with a retryable `backup-failed` when there is such a queue. */
  stuck: AbortSignal
  stop: () => Promise<void>
}

export function isLockQueue(error: unknown): error is PawlError {
  return error instanceof PawlError && error.facts['lockQueue'] === true
}

function queueError(database: string, others: string): PawlError {
  return new PawlError({
    code: 'backup-failed',
    message: `The backup of "${database}" gives way: ${others || 'another session'} waits for an exclusive lock on a table of the snapshot.`,
    hint: 'Nothing of the product was changed; repeat when no migration, TRUNCATE or ALTER TABLE is going on.',
    facts: { lockQueue: true, database },
  })
}

export async function watchLockQueue(
  deps: DataDeps,
  target: ConnectionTarget,
  signal: AbortSignal,
): Promise<LockWatch> {
  const connection = await deps.databases.connect(target, UNHINDERED, signal)
  const stuck = new AbortController()
  const stopped = new AbortController()
  async function look(): Promise<void> {
    let inARow = 0
    while (!stopped.signal.aborted) {
      await deps.clock.sleep(LOOK_EVERY_MS, stopped.signal)
      const row = one(await connection.query(WAITING))
      inARow = text(row, 'waiting') === '0' ? 0 : inARow + 1
      if (inARow >= LOOKS_IN_A_ROW && !stopped.signal.aborted)
        return stuck.abort(queueError(target.database, text(row, 'others')))
    }
  }
  // Losing the watch is no reason to stop the dump: the lock timeouts of every session still hold.
  const looking = look().catch(() => undefined)
  return {
    stuck: stuck.signal,
    async stop() {
      stopped.abort(new Error('stopped'))
      await looking
      await connection.close()
    },
  }
}
