// Restore: each database of the set is made anew beside the live one, filled from the stored bytes and compared. The live ones
// are not touched; `swap` puts the new ones in their place.
import type { DatabaseProof, DatabaseTarget, ResultOf, SettledTask } from '../../core/data/tasks.ts'
import { PawlError } from '../../core/errors.ts'
import { QueryFailed, type Connection } from '../../ports/database.ts'
import type { WorkDir } from '../../ports/workdir.ts'
import { adminTarget, connectAdmin, withAdmin } from '../admin.ts'
import { compareRestored } from '../compare.ts'
import { fittingJobsAt, NEEDED_TO_RESTORE } from '../connections.ts'
import type { DataDeps, TaskContext } from '../deps.ts'
import { PASSWORDS_NOT_READABLE, rolesDifferences } from '../globals/compare.ts'
import { databaseRightsSql } from '../globals/database.ts'
import { readRoles } from '../globals/read.ts'
import { rolesOf } from '../globals/roles.ts'
import { rungOf } from '../prove/proof.ts'
import { replicationCut } from '../replication.ts'
import { restoreDump, restoreStructure } from '../restore-dump.ts'
import { one, text, translateQuery } from '../session.ts'
import { COUNTS_WRITES } from '../sql/catalogue.ts'
import {
  fetchDump,
  openSet,
  readDatabase,
  type FetchedDump,
  type StoredDatabase,
  type StoredSet,
} from '../stored-set.ts'
import { dropPlace, finishPlace, makePlace, preparePlace, type Place } from './place.ts'
import { undisturbed } from './undisturbed.ts'

type RestoreTask = SettledTask<'restore'>
/** All but where the set is, which was opened. */
type Restoring = Pick<RestoreTask, 'databases' | 'suffix' | 'jobs' | 'set'>

const COMMENT_REPLACED = "comment on the database: Pawl's own takes its place; globals.sql in the set has it"
const NOT_COUNTED =
  'rows that somebody changes in the copy before it is used: the server does not count writes (track_counts is off)'
const INSUFFICIENT_PRIVILEGE = '42501'
/** Not supported, no such value, no such name or right, not to be changed: the same the next time, unlike a lock or a lost connection. */
const NOT_TAKEN = /^(?:0A|22|42|55P02)/
/** On another server none of the old one's roles may be there. */
const ROLES_NAMED = 20

interface Work {
  task: Restoring
  deps: DataDeps
  context: TaskContext
  set: StoredSet
  work: WorkDir
  /** Of a proof nothing is left out; a recovery leaves to it what it need not know again. */
  proving: boolean
}

async function fill(one: Work, database: DatabaseTarget, stored: StoredDatabase, place: Place): Promise<string[]> {
  const { deps, context, task } = one
  const tools = await deps.toolbox.forServer(stored.evidence.serverMajor)
  const target = await adminTarget(deps, database, place.name)
  const how = {
    tools,
    work: one.work,
    target,
    from: await adminTarget(deps, database),
    recovering: !one.proving,
    noTablespaces: place.missingTablespaces.length > 0,
    ...(place.superuser ? {} : { owner: place.owner }),
  }
  // With the structure come its rights, and an owner may have taken from himself what loading needs.
  const hasStructure = place.superuser
  const begin = async (contents: FetchedDump, signal: AbortSignal): Promise<void> => {
    await makePlace(deps, signal, database, stored, { place, set: task.set })
    if (hasStructure) await restoreStructure(stored.evidence, { ...how, dump: contents }, signal)
  }
  const dump = await fetchDump(one.set, stored, one.work, context, { begin, recovering: how.recovering })
  const { role, serverMajor: major } = stored.evidence
  const jobs = await fittingJobsAt(deps, context, { target, major, role, jobs: task.jobs, need: NEEDED_TO_RESTORE })
  const early = await restoreDump(deps, context, stored, { ...how, jobs, dump, hasStructure })
  const { compared, standing } = await undisturbed(deps, context, { database, place }, () =>
    compareRestored(deps, context, stored, {
      target,
      tools,
      jobs,
      early,
      recovering: how.recovering,
      ownersChanged: !place.superuser,
    }),
  )
  const { comment } = stored.globals.database
  const notCovered = [
    ...place.missingTablespaces.map(withoutTablespace),
    ...(comment === null ? [] : [COMMENT_REPLACED]),
    ...compared.notCovered,
  ]
  await withAdmin(deps, await adminTarget(deps, database), context.signal, async (connection) => {
    notCovered.push(...(await applyRights(connection, place, stored)), ...(await lookAtRoles(connection, stored)))
    notCovered.push(...(await lookAtCounting(connection)))
    await finishPlace(connection, place, {
      set: task.set,
      role: database.role,
      state: 'proven',
      digest: compared.digest,
      notCovered,
      standing,
      note: `Restored by Pawl at ${deps.clock.now().toISOString()} from backup set ${task.set} and equal to it.`,
    })
  })
  return notCovered
}

/** How the copy stands says nothing of rows then: a structure that was changed, or a table that was emptied, is noticed all the same. */
async function lookAtCounting(connection: Connection): Promise<string[]> {
  const counts = text(one(await connection.query(COUNTS_WRITES)), 'counts') === 'true'
  return counts ? [] : [NOT_COUNTED]
}

function withoutTablespace(name: string): string {
  return `tablespace ${name}: not on this server, or not for this owner; what was restored lies where the database does`
}

/**
 * Rights and settings of the database itself; what the login may not set, or this server does not take, is given back in words: the copy
 * was restored and compared, and is not thrown away for it.
 */
async function applyRights(connection: Connection, place: Place, stored: StoredDatabase): Promise<string[]> {
  const refused: string[] = []
  for (const statement of databaseRightsSql(place.name, stored.globals)) {
    try {
      await connection.query(statement)
    } catch (error) {
      if (!(error instanceof QueryFailed) || !NOT_TAKEN.test(error.state)) throw error
      const why = error.state === INSUFFICIENT_PRIVILEGE ? 'the login may not' : 'the server does not take it'
      // The value of a setting may be a secret.
      refused.push(`not set, because ${why}: ${statement.replace(/ to (?:'|E').*$/s, '')}`)
    }
  }
  return refused
}

/** Roles are the server's, not the database's: a restore changes none, and says which are not as they were. */
async function lookAtRoles(connection: Connection, { globals, evidence }: StoredDatabase): Promise<string[]> {
  const recorded = rolesOf([globals], globals.bootstrap)
  const found = rolesDifferences(recorded, await readRoles(connection, evidence.serverMajor), false)
  const more =
    found.length > ROLES_NAMED ? [`and ${found.length - ROLES_NAMED} more of the roles; globals.sql has them`] : []
  const unread = globals.passwords ? [] : [PASSWORDS_NOT_READABLE]
  return [...unread, ...found.slice(0, ROLES_NAMED), ...more]
}

/** When the copy stands, which a failure to look does not take away; also of one that stood before, for the server may have changed since. */
async function withReplication(
  { deps, context }: Work,
  database: DatabaseTarget,
  restored: DatabaseProof,
): Promise<DatabaseProof> {
  try {
    const target = await adminTarget(deps, database)
    return await withAdmin(deps, target, context.signal, async (connection) => ({
      ...restored,
      notCovered: [...restored.notCovered, ...(await replicationCut(connection, database.database))],
    }))
  } catch (error) {
    throw translateQuery(error, `Looking at what replicates ${database.role}`)
  }
}

async function restoreOne(one: Work, database: DatabaseTarget, stored: StoredDatabase): Promise<DatabaseProof> {
  const { deps, context, task } = one
  let place: Place | undefined
  try {
    place = await preparePlace(deps, context, database, stored, { set: task.set, suffix: task.suffix })
    const notCovered =
      place.finished === undefined ? await fill(one, database, stored, place) : (place.finished.notCovered ?? [])
    return { ...stored.evidence, rung: rungOf(stored), notCovered }
  } catch (error) {
    if (place !== undefined && place.finished === undefined) await discard(deps, database, place)
    throw translateQuery(error, `Restoring ${database.role}`)
  }
}

/** Frees the room of an unfinished database. Where that is not possible either, the next attempt does it. */
async function discard(deps: DataDeps, database: DatabaseTarget, place: Place): Promise<void> {
  const connection = await connectAdmin(deps, await adminTarget(deps, database)).catch(() => undefined)
  if (connection === undefined) return
  await dropPlace(deps, connection, database, place).catch(() => undefined)
  await connection.close()
}

function storedFor(stored: readonly StoredDatabase[], database: DatabaseTarget, set: string): StoredDatabase {
  const found = stored.find((candidate) => candidate.evidence.role === database.role)
  if (found !== undefined) return found
  const message = `The backup set ${set} has no database "${database.role}".`
  throw new PawlError({ code: 'input-invalid', message, facts: { set, role: database.role } })
}

/** Throws like `prove`, and `database-rights`, `database-unreachable`, `input-invalid` for what the server does not allow. */
export async function runRestore(
  task: RestoreTask,
  deps: DataDeps,
  context: TaskContext,
): Promise<ResultOf<'restore'>> {
  const set = await openSet(task, deps, context.signal)
  return { set: task.set, databases: await restoreSet(task, set, deps, context) }
}

/** Throws like `restore`. `proving`: what is proven is the set, and nothing of it is left out. */
export async function restoreSet(
  task: Restoring,
  set: StoredSet,
  deps: DataDeps,
  context: TaskContext,
  proving = false,
): Promise<DatabaseProof[]> {
  const stored: StoredDatabase[] = []
  for (const evidence of set.manifest.databases) stored.push(await readDatabase(set, evidence, context.signal))
  const pairs = task.databases.map((database) => ({ database, stored: storedFor(stored, database, task.set) }))
  const work = await deps.workDirs.make()
  try {
    const one: Work = { task, deps, context, set, work, proving }
    const databases: DatabaseProof[] = []
    for (const { database, stored: from } of pairs) {
      const restored = await restoreOne(one, database, from)
      // A proof is of the set, which has to do with nothing else on the server.
      databases.push(proving ? restored : await withReplication(one, database, restored))
    }
    return databases
  } finally {
    await work.dispose()
  }
}
