// The new, empty database a backup is restored into, beside the live one.
import { nameBeside } from '../../core/data/copies.ts'
import type { DatabaseTarget } from '../../core/data/tasks.ts'
import { PawlError } from '../../core/errors.ts'
import type { Connection } from '../../ports/database.ts'
import { writtenSince } from '../alone.ts'
import { allowConnections, isSuperuser, leaveMark, stateOf, type DatabaseMark } from '../databases.ts'
import type { DataDeps, TaskContext } from '../deps.ts'
import { createDatabaseSql } from '../globals/database.ts'
import { adminTarget, withAdmin } from '../admin.ts'
import { dropCopy } from '../copies/drop.ts'
import { one, text } from '../session.ts'
import type { StoredDatabase } from '../stored-set.ts'

export interface Place {
  name: string
  /** Of the database, from when it was made here: the name alone may be somebody else's by now. */
  oid?: string
  /** What an earlier, finished restore of the same set left. */
  finished?: DatabaseMark
  /** The login may give objects to their recorded owners. */
  superuser: boolean
  owner: string
  /** That the database used and that are not here, or not for whoever will own what is restored. */
  missingTablespaces: string[]
}

export async function isEmpty(
  deps: DataDeps,
  context: TaskContext,
  database: DatabaseTarget,
  name: string,
): Promise<boolean> {
  return await withAdmin(deps, await adminTarget(deps, database, name), context.signal, async (connection) => {
    const rows = await connection.query(`
      select count(*)::text as relations from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')`)
    return text(one(rows), 'relations') === '0'
  })
}

/** The name is the same for every attempt. One that was given up and goes on all the same must not touch what the next one has made. */
async function isStillOurs(connection: Connection, { name, oid }: Place): Promise<boolean> {
  const [found] = await connection.query('select oid::text as oid from pg_database where datname = $1', [name])
  return found !== undefined && found['oid'] === oid
}

/** Frees the room of what was not finished. */
export async function dropPlace(
  deps: DataDeps,
  connection: Connection,
  database: DatabaseTarget,
  place: Place,
): Promise<void> {
  const { name } = place
  if (await isStillOurs(connection, place)) await dropCopy(deps, undefined, { connection, database, name })
}

/** Throws `unknown-state`, and changes nothing, where the name is that of another database by now. */
async function ifStillOurs(connection: Connection, place: Place, change: () => Promise<void>): Promise<void> {
  await connection.query('begin')
  try {
    await change()
    if (!(await isStillOurs(connection, place)))
      throw new PawlError({
        code: 'unknown-state',
        message: `The database "${place.name}" is not the one that this restore made; another attempt has made it anew.`,
        facts: { database: place.name },
        unchanged: 'It was left as it is.',
      })
    await connection.query('commit')
  } catch (error) {
    await connection.query('rollback').catch(() => undefined)
    throw error
  }
}

/** Throws `unknown-state` where the name is that of another database by now. */
export async function allowInPlace(connection: Connection, place: Place, allowed: boolean): Promise<void> {
  await ifStillOurs(connection, place, async () => await allowConnections(connection, place.name, allowed))
}

/**
 * Nobody gets in any more, so that what was compared is what takes the live name; and from here on it counts as finished. Throws
 * `unknown-state` where the name is that of another database by now.
 */
export async function finishPlace(connection: Connection, place: Place, mark: DatabaseMark): Promise<void> {
  await ifStillOurs(connection, place, async () => {
    await allowConnections(connection, place.name, false)
    // From here to the end nobody can drop it: a comment locks what it is about.
    await leaveMark(connection, place.name, mark)
  })
}

function notOurs(name: string, why: string): PawlError {
  return new PawlError({
    code: 'input-invalid',
    message: `The database "${name}" exists already and ${why}; nothing is restored over it.`,
    facts: { database: name },
  })
}

/** Finds or removes what an earlier attempt left under the name; gives the mark of a finished one. */
async function clear(
  deps: DataDeps,
  context: TaskContext,
  connection: Connection,
  database: DatabaseTarget,
  name: string,
  set: string,
) {
  const state = await stateOf(connection, name)
  if (state === undefined) return undefined
  const { mark, allowsConnections } = state
  const finished = mark?.state === 'proven' && mark.set === set
  if (finished && (!allowsConnections || mark.standing !== undefined)) {
    const written = await writtenSince(deps, context, { connection, database, name }, mark)
    if (written === undefined) return mark
  }
  if (mark === undefined) {
    // Between CREATE DATABASE and its mark there is a moment; what is left of it is empty.
    if (!(await isEmpty(deps, context, database, name))) throw notOurs(name, 'was not made by Pawl')
    // What was finished, and was opened and may have been changed since, is done anew.
  } else if (mark.state !== 'restoring' && !finished) throw notOurs(name, `is ${mark.state} (set ${mark.set})`)
  await dropCopy(deps, context.signal, { connection, database, name })
  return undefined
}

/** Of the recorded tablespaces, those that are not here or that the role may not use. */
async function missingTablespaces(connection: Connection, stored: StoredDatabase, role: string): Promise<string[]> {
  const rows = await connection.query(
    `select spcname as name from pg_tablespace where has_tablespace_privilege($1::name, oid, 'create')`,
    [role],
  )
  const usable = new Set(rows.map((row) => text(row, 'name')))
  return stored.globals.tablespaces.map(({ name }) => name).filter((name) => !usable.has(name))
}

/** Where the database lay, if that can be used here. */
function tablespaceOf({ globals }: StoredDatabase, missing: readonly string[]): { tablespace?: string } {
  const { tablespace } = globals.database
  return tablespace === 'pg_default' || missing.includes(tablespace) ? {} : { tablespace }
}

/**
 * Finds the name free, or frees it. Throws `database-rights` where the login may not create a database, `input-invalid` where the name is
 * somebody else's.
 */
export async function preparePlace(
  deps: DataDeps,
  context: TaskContext,
  database: DatabaseTarget,
  stored: StoredDatabase,
  options: { set: string; suffix: string },
): Promise<Place> {
  const name = nameBeside(database.database, options.suffix)
  return await withAdmin(deps, await adminTarget(deps, database), context.signal, async (connection) => {
    const rights = one(
      await connection.query(
        `select rolcreatedb::text as creates, rolname as name from pg_roles where rolname = current_user`,
      ),
    )
    const superuser = await isSuperuser(connection)
    if (!superuser && text(rights, 'creates') !== 'true') {
      const message = `The role "${text(rights, 'name')}" may not create databases; expected CREATEDB, or an administrator's login.`
      throw new PawlError({
        code: 'database-rights',
        message,
        facts: { role: database.role, user: text(rights, 'name'), right: 'CREATEDB' },
      })
    }
    const { owner } = stored.globals.database
    const owners = await connection.query('select 1 from pg_roles where rolname = $1', [owner])
    if (owners.length === 0) {
      const message = `The role "${owner}", owner of the database that was backed up, does not exist on ${database.host}.`
      throw new PawlError({ code: 'database-rights', message, facts: { role: database.role, owner } })
    }
    const missing = await missingTablespaces(connection, stored, superuser ? text(rights, 'name') : owner)
    const place: Place = { name, superuser, owner, missingTablespaces: missing }
    const finished = await clear(deps, context, connection, database, name, options.set)
    return finished === undefined ? place : { ...place, finished }
  })
}

/** Creates the database, empty and marked; the place knows it from here on. */
export async function makePlace(
  deps: DataDeps,
  signal: AbortSignal,
  database: DatabaseTarget,
  stored: StoredDatabase,
  { place, set }: { place: Place; set: string },
): Promise<void> {
  const { name, owner, missingTablespaces: missing } = place
  await withAdmin(deps, await adminTarget(deps, database), signal, async (connection) => {
    const settings = { owner, ...tablespaceOf(stored, missing) }
    await connection.query(createDatabaseSql(name, stored.globals, stored.evidence.serverMajor, settings))
    await leaveMark(connection, name, { set, role: database.role, state: 'restoring', digest: stored.evidence.digest })
    const made = one(await connection.query('select oid::text as oid from pg_database where datname = $1', [name]))
    place.oid = text(made, 'oid')
  })
}
