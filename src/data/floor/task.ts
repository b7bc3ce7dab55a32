// Floor: reads the floor of every database, or writes it. What a server refuses is said for each database, and never passed over.
import { compareFloors, type DatabaseFloor, type SeenFloor, type WantedFloor } from '../../core/floor/floor.ts'
import type { DatabaseTarget, FloorWrite, ResultOf, TaskOf } from '../../core/data/tasks.ts'
import { canonicalJson } from '../../core/json.ts'
import { isPawlError, PawlError } from '../../core/errors.ts'
import { QueryFailed, type Connection, type ConnectionTarget } from '../../ports/database.ts'
import { adminTarget } from '../admin.ts'
import type { DataDeps, TaskContext } from '../deps.ts'
import { connectionTarget, withConnection } from '../session.ts'
import { FLOOR_SETTINGS, lockFloor, publishedEverywhere, readFloor, removeFloor, writeFloor } from './row.ts'

type FloorTask = TaskOf<'floor'>

const LOOK_MS = 1000
/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const UNDEFINED_TABLE = '42P01'

/**
 * Throws `database-unreachable` where something is to be written, and `fence-lost` where a recovery came in between; who only
 * reads is told why a database cannot be read.
 */
export async function runFloor(task: FloorTask, deps: DataDeps, context: TaskContext): Promise<ResultOf<'floor'>> {
  const { databases, write, watch } = task
  if (write !== undefined) return { databases: await each(databases, (one) => change(deps, context, one, write)) }
  const until = deps.clock.now().getTime() + (watch?.forMs ?? 0)
  for (;;) {
    const seen = await each(databases, (one) => look(deps, context, one))
    const changed = canonicalJson(seen) !== canonicalJson(watch?.known ?? [])
    if (changed || deps.clock.now().getTime() >= until) return { databases: seen }
    await deps.clock.sleep(LOOK_MS, context.signal)
  }
}

async function each<T>(databases: readonly DatabaseTarget[], work: (one: DatabaseTarget) => Promise<T>): Promise<T[]> {
  const found: T[] = []
  for (const database of databases) found.push(await work(database))
  return found
}

async function look(deps: DataDeps, context: TaskContext, database: DatabaseTarget): Promise<SeenFloor> {
  const { role } = database
  try {
    const target = await connectionTarget(deps, database, database.login, database.database)
    const floor = await withConnection(deps, target, FLOOR_SETTINGS, context.signal, readFloor)
    return { role, floor }
  } catch (error) {
    context.signal.throwIfAborted()
    // Dropped between the question whether it is there and the reading of it.
    if (error instanceof QueryFailed && error.state === UNDEFINED_TABLE) return { role, floor: null }
    if (isPawlError(error, 'database-unreachable') || error instanceof QueryFailed) return { role, why: error.message }
    throw error
  }
}

/** The administrator first, so that the product's own login does not own what says which product may run. */
async function loginsFor(deps: DataDeps, database: DatabaseTarget): Promise<ConnectionTarget[]> {
  const own = await connectionTarget(deps, database, database.login, database.database)
  return database.admin === undefined ? [own] : [await adminTarget(deps, database, database.database), own]
}

async function change(
  deps: DataDeps,
  context: TaskContext,
  database: DatabaseTarget,
  write: FloorWrite,
): Promise<SeenFloor> {
  const { role } = database
  const refused: string[] = []
  for (const target of await loginsFor(deps, database)) {
    try {
      const work = (connection: Connection): Promise<SeenFloor> => inTransaction(connection, role, write)
      return await withConnection(deps, target, FLOOR_SETTINGS, context.signal, work)
    } catch (error) {
      if (!(error instanceof QueryFailed)) throw error
      refused.push(`${target.user}: ${error.message} (${error.state})`)
    }
  }
  const { floor } = await look(deps, context, database)
  return { role, why: refused.join('; '), ...(floor === undefined ? {} : { floor }) }
}

/** Gives the floor as it is afterwards. */
async function inTransaction(connection: Connection, role: string, write: FloorWrite): Promise<SeenFloor> {
  await connection.query('begin')
  try {
    await lockFloor(connection)
    const before = await readFloor(connection)
    const why = write.how === 'remove' ? undefined : await whyNot(connection)
    if (why !== undefined) {
      await connection.query('rollback')
      return { role, floor: before, why }
    }
    if (write.how === 'remove') await removeFloor(connection)
    else {
      const floor = floorFor(before, write)
      if (isToWrite(before, { ...write, floor }, role)) await writeFloor(connection, floor)
    }
    const after = await readFloor(connection)
    await connection.query('commit')
    return { role, floor: after }
  } catch (error) {
    await connection.query('rollback').catch(() => undefined)
    throw error
  }
}

async function whyNot(connection: Connection): Promise<string | undefined> {
  const publication = await publishedEverywhere(connection)
  if (publication === undefined) return undefined
  return `publication "${publication}" takes in every table, and its subscribers have no table for the floor`
}

type Writing = Exclude<FloorWrite, { how: 'remove' }>

function floorFor(before: DatabaseFloor | null, write: Writing): WantedFloor {
  const keep = write.how === 'raise' && write.keepEpoch === true && before !== null
  return keep ? { ...write.floor, recoveryEpoch: before.recoveryEpoch } : write.floor
}

function isToWrite(before: DatabaseFloor | null, write: Writing, role: string): boolean {
  const { floor } = write
  if (before === null) return true
  if (before.recoveryEpoch > floor.recoveryEpoch) {
    throw new PawlError({
      code: 'fence-lost',
      message: `${role} was recovered meanwhile (${before.recoveryEpoch} times, this run knows of ${floor.recoveryEpoch})`,
      facts: { role },
    })
  }
  if (write.how === 'raise') return (compareFloors(before.floor, floor.floor, write.scheme) ?? 1) < 0
  return before.floor !== floor.floor || before.run !== floor.run || before.recoveryEpoch !== floor.recoveryEpoch
}
