// The databases that Pawl made beside live ones: which there are, and dropping those that are certainly ours.
import { nameBeside, type FoundCopy } from '../../core/data/copies.ts'
import type { DatabaseTarget, ResultOf, TaskOf } from '../../core/data/tasks.ts'
import { byServer, serverTarget, withAdmin } from '../admin.ts'
import { namesBeside, sizeOf, stateOf } from '../databases.ts'
import type { DataDeps, TaskContext } from '../deps.ts'
import { isEmpty } from '../restore/place.ts'
import { dropCopy } from './drop.ts'
import { translateQuery } from '../session.ts'
import type { Connection } from '../../ports/database.ts'

/** Undefined where it went away meanwhile. */
async function look(connection: Connection, role: string, database: string): Promise<FoundCopy | undefined> {
  const state = await stateOf(connection, database)
  if (state === undefined) return undefined
  const { mark, allowsConnections: open } = state
  // The size is worth nothing more than a word where the login may not ask for it.
  const sizeBytes = await sizeOf(connection, database).catch(() => undefined)
  return {
    role,
    database,
    open,
    state: mark?.state ?? 'unmarked',
    ...(mark === undefined ? {} : { set: mark.set, digest: mark.digest }),
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
  }
}

async function onEachServer(
  deps: DataDeps,
  context: TaskContext,
  databases: readonly DatabaseTarget[],
  work: (connection: Connection, database: DatabaseTarget) => Promise<void>,
): Promise<void> {
  for (const some of byServer(databases)) {
    await withAdmin(deps, await serverTarget(deps, some), context.signal, async (connection) => {
      for (const database of some) await work(connection, database)
    })
  }
}

/** Changes nothing. */
export async function runListCopies(
  task: TaskOf<'list-copies'>,
  deps: DataDeps,
  context: TaskContext,
): Promise<ResultOf<'list-copies'>> {
  const copies: FoundCopy[] = []
  try {
    await onEachServer(deps, context, task.databases, async (connection, { role, database }) => {
      for (const name of await namesBeside(connection, database)) {
        const found = await look(connection, role, name)
        if (found !== undefined) copies.push(found)
      }
    })
  } catch (error) {
    throw translateQuery(error, 'Looking for copies')
  }
  return { copies }
}

/** Why a database is not dropped; undefined where it is ours beyond doubt. */
function doubt(copy: FoundCopy, set: string, empty: boolean): string | undefined {
  // Between CREATE DATABASE and its mark there is a moment; what is left of it is empty.
  if (copy.state === 'unmarked') return empty ? undefined : 'it has no mark of Pawl'
  if (copy.state === 'kept') return 'it is what a recovery has replaced'
  return copy.set === set ? undefined : `it holds another backup set (${copy.set})`
}

/** Idempotent: what is gone already is simply not there. Throws `database-rights` where the login may not drop it. */
export async function runDropCopies(
  task: TaskOf<'drop-copies'>,
  deps: DataDeps,
  context: TaskContext,
): Promise<ResultOf<'drop-copies'>> {
  const result: ResultOf<'drop-copies'> = { dropped: [], left: [] }
  try {
    await onEachServer(deps, context, task.databases, async (connection, database) => {
      const name = nameBeside(database.database, task.suffix)
      const copy = await look(connection, database.role, name)
      if (copy === undefined) return
      const unmarked = copy.state === 'unmarked' && copy.open
      const why = doubt(copy, task.set, unmarked && (await isEmpty(deps, context, database, name)))
      if (why !== undefined) {
        result.left.push({ database: name, why })
        return
      }
      context.report({ phase: 'drop', role: database.role, note: name })
      await dropCopy(deps, context.signal, { connection, database, name })
      result.dropped.push(name)
    })
  } catch (error) {
    throw translateQuery(error, 'Dropping the copies')
  }
  return result
}
