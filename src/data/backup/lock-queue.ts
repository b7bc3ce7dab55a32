// Notices when the dump can get no further: somebody waits for an exclusive lock on a table that the snapshot's holder keeps, and
// everybody who comes later, the dump's own workers too, waits behind. Only letting go of the snapshot resolves that.
import { PawlError } from '../../core/errors.ts'
import type { ConnectionTarget } from '../../ports/database.ts'
import type { DataDeps } from '../deps.ts'
import { one, text } from '../session.ts'

const LOOK_EVERY_MS = 500
/** One look may catch a lock that is just changing hands. */
const LOOKS_IN_A_ROW = 2

/** Our own sessions in this database that wait for a table, and who is in front of them. */
const WAITING = `
  select count(*)::text as waiting, coalesce(string_agg(distinct coalesce(nullif(b.application_name, ''), b.usename, '?'), ', '), '') as blockers
  from pg_locks w join pg_stat_activity a on a.pid = w.pid
  cross join lateral unnest(pg_blocking_pids(w.pid)) as p (pid) left join pg_stat_activity b on b.pid = p.pid
  where not w.granted and w.locktype = 'relation' and a.application_name = 'pawl' and a.datname = current_database()`

export interface LockWatch {
  /** Aborts with a retryable `backup-failed` when the dump stands in such a queue. */
  stuck: AbortSignal
  stop: () => Promise<void>
}

export function isLockQueue(error: unknown): error is PawlError {
  return error instanceof PawlError && error.facts['lockQueue'] === true
}

function queueError(database: string, blockers: string): PawlError {
  return new PawlError({
    code: 'backup-failed',
    message: `The dump of "${database}" cannot read on: ${blockers || 'another session'} waits for an exclusive lock on a table of the snapshot.`,
    hint: 'Nothing of the product was changed; repeat when no migration, TRUNCATE or ALTER TABLE is going on.',
    facts: { lockQueue: true, database },
  })
}

export async function watchLockQueue(
  deps: DataDeps,
  target: ConnectionTarget,
  signal: AbortSignal,
): Promise<LockWatch> {
  const connection = await deps.databases.connect(target, {}, signal)
  const stuck = new AbortController()
  const stopped = new AbortController()
  async function look(): Promise<void> {
    let inARow = 0
    while (!stopped.signal.aborted) {
      await deps.clock.sleep(LOOK_EVERY_MS, stopped.signal)
      const row = one(await connection.query(WAITING))
      inARow = text(row, 'waiting') === '0' ? 0 : inARow + 1
      if (inARow >= LOOKS_IN_A_ROW) return stuck.abort(queueError(target.database, text(row, 'blockers')))
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
