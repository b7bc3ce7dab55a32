// Tells how far a restore is by how big the database has grown: pg_restore itself says nothing.
import type { ConnectionTarget } from '../ports/database.ts'
import { withAdmin } from './admin.ts'
import type { DataDeps, TaskContext } from './deps.ts'
import { one, text } from './session.ts'

const LOOK_EVERY_MS = 1000

export interface Growing {
  role: string
  /** Name of the database that is being filled. */
  name: string
  /** A database of the same server to ask from. */
  from: ConnectionTarget
  /** What it measured when it was backed up; the restored one is usually a little smaller. */
  bytesTotal: number
}

/** Does the work and reports growth meanwhile. Not being able to tell how far it is never ends the work. */
export async function withGrowth<T>(
  deps: DataDeps,
  context: TaskContext,
  growing: Growing,
  work: () => Promise<T>,
): Promise<T> {
  const { role, name, from, bytesTotal } = growing
  const stopped = new AbortController()
  context.report({ phase: 'restore', role, bytes: 0, bytesTotal })
  const looking = withAdmin(deps, from, context.signal, async (connection) => {
    while (!stopped.signal.aborted) {
      await deps.clock.sleep(LOOK_EVERY_MS, stopped.signal)
      const rows = await connection.query(
        'select pg_database_size(datname)::text as bytes from pg_database where datname = $1',
        [name],
      )
      const bytes = Math.min(Number(text(one(rows), 'bytes')), bytesTotal)
      context.report({ phase: 'restore', role, bytes, bytesTotal })
    }
  }).catch(() => undefined)
  try {
    const done = await work()
    // However big it has become: there is nothing left to do.
    context.report({ phase: 'restore', role, bytes: bytesTotal, bytesTotal })
    return done
  } finally {
    stopped.abort(new Error('stopped'))
    await looking
  }
}
