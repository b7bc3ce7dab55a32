// Swap: restored databases take the names of the live ones, in one transaction per server. Every step asks the server what is
// the case first, so the same task can be run again from whatever point it was stopped at. Nothing is ever dropped here.
import { nameBeside } from '../../core/data/copies.ts'
import type { DatabaseTarget, ResultOf, TaskOf } from '../../core/data/tasks.ts'
import { PawlError } from '../../core/errors.ts'
import type { Connection } from '../../ports/database.ts'
import { byServer, connectAdmin, serverTarget } from '../admin.ts'
import { empty, writtenSince } from '../alone.ts'
import { allowConnections, leaveMark, statesOf, type DatabaseMark, type DatabaseState } from '../databases.ts'
import type { DataDeps, TaskContext } from '../deps.ts'
import { replicationCut } from '../replication.ts'
import { translateQuery } from '../session.ts'
import { identifier } from '../sql/text.ts'

type SwapTask = TaskOf<'swap'>
type Swapped = ResultOf<'swap'>['databases'][number]

interface Exchange {
  role: string
  target: DatabaseTarget
  live: string
  incoming: string
  kept: string
  /** Nothing has the live name, or had it: there is nothing to keep. */
  alone: boolean
  /** The names were exchanged before. */
  done: boolean
  /** Somebody may connect to what has the live name. */
  isOpen: boolean
  mark: DatabaseMark
}

function refuse(
  code: 'unknown-state' | 'proof-mismatch' | 'input-invalid',
  message: string,
  facts: Record<string, unknown>,
): PawlError {
  return new PawlError({ code, message, facts, unchanged: 'No database was renamed.' })
}

function checkMark(mark: DatabaseMark | undefined, name: string, role: string, expected: string): DatabaseMark {
  if (mark?.state === 'proven' && mark.digest === expected) return mark
  const got =
    mark === undefined
      ? 'it has no mark of a restore'
      : mark.state === 'proven'
        ? `it holds ${mark.digest}`
        : `its restore is ${mark.state}`
  throw refuse('proof-mismatch', `"${name}" is not the proven copy that was expected (${expected}): ${got}.`, {
    role,
    database: name,
  })
}

/**
 * Closed is how the restore left what it compared: what is open now, somebody may have changed since, and it is to be made anew. Where it
 * is known how it stood, that is looked at: whoever was killed while looking has left it open.
 */
function checkIncoming(incoming: DatabaseState, role: string, expected: string): DatabaseMark {
  const mark = checkMark(incoming.mark, incoming.name, role, expected)
  if (!incoming.allowsConnections || mark.standing !== undefined) return mark
  const message = `"${incoming.name}" was opened since it was compared: it may no longer be the proven copy (${expected}).`
  throw refuse('proof-mismatch', message, { role, database: incoming.name })
}

async function exchangeFor(connection: Connection, task: SwapTask, database: DatabaseTarget): Promise<Exchange> {
  const { role, database: live } = database
  const [incoming, kept] = [nameBeside(live, task.newSuffix), nameBeside(live, task.oldSuffix)]
  const expected = task.expect[role]
  if (expected === undefined) throw refuse('input-invalid', `No expected digest was given for "${role}".`, { role })
  const [atLive, atIncoming, atKept] = await statesOf(connection, [live, incoming, kept])
  const names = { role, target: database, live, incoming, kept, isOpen: atLive?.allowsConnections === true }
  if (atLive !== undefined && atIncoming !== undefined && atKept === undefined) {
    return { ...names, alone: false, done: false, mark: checkIncoming(atIncoming, role, expected) }
  }
  if (atLive !== undefined && atIncoming === undefined && atKept !== undefined) {
    return { ...names, alone: false, done: true, mark: checkMark(atLive.mark, live, role, expected) }
  }
  if (atLive === undefined && atIncoming !== undefined && atKept === undefined) {
    return { ...names, alone: true, done: false, mark: checkIncoming(atIncoming, role, expected) }
  }
  // By what this very exchange has noted: an earlier recovery to the same set left the same digest.
  if (atIncoming === undefined && atKept === undefined && atLive?.mark?.insteadOf === kept) {
    return { ...names, alone: true, done: true, mark: checkMark(atLive.mark, live, role, expected) }
  }
  const there = [live, incoming, kept].filter((_, at) => [atLive, atIncoming, atKept][at] !== undefined)
  const message = `Cannot tell how far the exchange for "${live}" is: of ${live}, ${incoming} and ${kept} there ${there.length === 1 ? 'is' : 'are'} ${there.join(', ') || 'none'}.`
  throw refuse('unknown-state', message, { role, there })
}

/** Closed as it is now, somebody may have opened it, changed it and closed it again. */
async function refuseWritten(deps: DataDeps, context: TaskContext, group: Group): Promise<void> {
  const { connection } = group
  for (const { role, target, incoming, mark } of openOf(group)) {
    const written = await writtenSince(deps, context, { connection, database: target, name: incoming }, mark)
    if (written === undefined) continue
    const message = `"${incoming}" is not what was compared any more (${mark.digest}): ${written}.`
    throw refuse('proof-mismatch', message, { role, database: incoming })
  }
}

async function keep(connection: Connection, { role, live, kept, mark }: Exchange, at: string): Promise<void> {
  await connection.query(`alter database ${identifier(live)} rename to ${identifier(kept)}`)
  const note = `Replaced by Pawl at ${at} with backup set ${mark.set}; closed and kept as it was. When nobody needs it any more: drop database ${identifier(kept)}`
  await leaveMark(connection, kept, { set: mark.set, role, state: 'kept', digest: mark.digest, note })
}

/**
 * All or nothing: the names, who may connect, and the note on what was replaced. What is kept stays closed and says what it is and
 * how to be rid of it.
 */
async function exchange(connection: Connection, open: readonly Exchange[], at: string): Promise<void> {
  await connection.query('begin')
  try {
    for (const one of open) {
      const { live, incoming, kept, alone, mark } = one
      if (!alone) await keep(connection, one, at)
      await connection.query(`alter database ${identifier(incoming)} rename to ${identifier(live)}`)
      const note = `Put here by Pawl at ${at} from backup set ${mark.set}.`
      await leaveMark(connection, live, { ...mark, note, ...(alone ? { insteadOf: kept } : {}) })
      await allowConnections(connection, live, true)
    }
    await connection.query('commit')
  } catch (error) {
    await connection.query('rollback').catch(() => undefined)
    throw error
  }
}

/** What is kept has its name by now, whoever gave it that. */
async function swapped(connection: Connection, { role, live, kept, alone, mark }: Exchange): Promise<Swapped> {
  if (alone) return { role, live, digest: mark.digest }
  const replication = await replicationCut(connection, kept)
  return { role, live, kept, digest: mark.digest, ...(replication.length === 0 ? {} : { replication }) }
}

/** What one connection exchanges, in one transaction. */
interface Group {
  connection: Connection
  exchanges: Exchange[]
}

function openOf({ exchanges }: Group): Exchange[] {
  return exchanges.filter((one) => !one.done)
}

function namesOf(group: Group): string[] {
  return openOf(group).flatMap(({ live, incoming }) => [live, incoming])
}

function liveOf(exchanges: readonly Exchange[]): string {
  return exchanges.map(({ live }) => live).join(', ')
}

async function close(group: Group): Promise<void> {
  const { connection, exchanges } = group
  // Another exchange that was begun after this one, and killed, has closed it again.
  for (const { live, done, isOpen } of exchanges) if (done && !isOpen) await allowConnections(connection, live, true)
  for (const { live, incoming, alone } of openOf(group)) {
    if (!alone) await allowConnections(connection, live, false)
    await allowConnections(connection, incoming, false)
  }
}

/**
 * The product must not stay locked out of a database that was not exchanged. Not known after a lost connection, which may have ended
 * the transaction either way; but then this fails too, and the next attempt looks at what is the case.
 */
async function reopen({ connection, exchanges }: Group): Promise<void> {
  for (const { live, alone, done } of exchanges)
    if (!alone && !done) await allowConnections(connection, live, true).catch(() => undefined)
}

/** The error with what is known of the names. After a lost connection that is left to the next attempt. */
function withNames(error: unknown, exchanged: readonly Exchange[]): unknown {
  const failure = translateQuery(error, 'Exchanging the databases')
  if (!(failure instanceof PawlError)) return failure
  const { code, message, facts, hint } = failure
  const before = exchanged.length === 0 ? [] : [`${liveOf(exchanged)} came from the backup already, and stays so.`]
  const rest = exchanged.length === 0 ? 'No database was renamed.' : 'None of the others was renamed.'
  const unchanged = [...before, ...(code === 'database-unreachable' ? [] : [rest])].join(' ')
  return new PawlError({ code, message, facts, hint, cause: failure, ...(unchanged === '' ? {} : { unchanged }) })
}

/** Every database of every server is empty before the first one is renamed: what is in the way is found while nothing is done. */
async function exchangeAll(deps: DataDeps, context: TaskContext, groups: readonly Group[]): Promise<void> {
  const exchanged: Exchange[] = []
  const left = new Set(groups)
  try {
    for (const group of groups) await close(group)
    for (const group of groups) await refuseWritten(deps, context, group)
    for (const group of groups) await empty(deps, context, group.connection, namesOf(group))
    for (const group of groups) {
      const open = openOf(group)
      if (open.length > 0) {
        context.report({ phase: 'rename', note: liveOf(open) })
        await exchange(group.connection, open, deps.clock.now().toISOString())
      }
      left.delete(group)
      exchanged.push(...open)
    }
  } catch (error) {
    for (const group of left) await reopen(group)
    throw withNames(error, exchanged)
  }
}

/** Throws `proof-mismatch`, `unknown-state` (nothing renamed), `writers-remain`, `database-rights`, `database-unreachable`. */
export async function runSwap(task: SwapTask, deps: DataDeps, context: TaskContext): Promise<ResultOf<'swap'>> {
  const groups: Group[] = []
  try {
    for (const databases of byServer(task.databases)) {
      const connection = await connectAdmin(deps, await serverTarget(deps, databases), context.signal)
      const group: Group = { connection, exchanges: [] }
      groups.push(group)
      for (const database of databases) group.exchanges.push(await exchangeFor(connection, task, database))
    }
    // Nothing was changed up to here, on any server.
    const startedAt = deps.clock.now().getTime()
    const all = groups.flatMap(({ exchanges }) => exchanges)
    const anew = all.some((one) => !one.done)
    await exchangeAll(deps, context, groups)
    const took = deps.clock.now().getTime() - startedAt
    const done: Swapped[] = []
    for (const { connection, exchanges } of groups)
      for (const one of exchanges) done.push(await swapped(connection, one))
    return {
      databases: task.databases.flatMap(({ role }) => done.filter((one) => one.role === role)),
      ...(anew ? { exchangedInMs: took } : {}),
    }
  } catch (error) {
    throw translateQuery(error, 'Exchanging the databases')
  } finally {
    for (const { connection } of groups) await connection.close()
  }
}
