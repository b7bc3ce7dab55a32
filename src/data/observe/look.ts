// One look at one database, and the shorter look that is repeated while waiting for it to be quiet.
import type { DatabaseActivity, DatabaseObservation, DatabaseTarget } from '../../core/data/tasks.ts'
import { QueryFailed, type Connection } from '../../ports/database.ts'
import { adminTarget, withAdmin } from '../admin.ts'
import type { DataDeps, TaskContext } from '../deps.ts'
import { readFloor } from '../floor/row.ts'
import { readExtensions } from '../globals/read.ts'
import { readMigrations, readSize, readStanding, readWriteCounter } from '../look.ts'
import {
  connectionTarget,
  one,
  pins,
  probe,
  serverVersion,
  text,
  translateQuery,
  UNHINDERED,
  withConnection,
} from '../session.ts'
import { COUNTS_WRITES, RIGHTS, SESSIONS, WRITES_IN } from '../sql/catalogue.ts'

type Session = DatabaseActivity['sessions'][number]
export type Glance = Omit<DatabaseActivity, 'role'>

async function readSessions(connection: Connection, database: string): Promise<Session[]> {
  const rows = await connection.query(SESSIONS, [database])
  return rows.map((row) => ({
    pid: Number(text(row, 'pid')),
    user: text(row, 'user'),
    application: text(row, 'application'),
    state: text(row, 'state'),
  }))
}

async function glance(connection: Connection, database: string): Promise<Glance> {
  return { sessions: await readSessions(connection, database), writeCounter: await readWriteCounter(connection) }
}

type Rights = DatabaseObservation['rights']

/** `trusted`: whoever may create objects in a database may create it there, since version 13. */
const UNTRUSTED = `
  select e.extname as name from pg_extension e join pg_available_extension_versions v on v.name = e.extname and v.version = e.extversion
  where v.superuser and not v.trusted order by 1`
const PREPARED = 'select count(*)::text as prepared from pg_prepared_xacts where database = current_database()'

interface LoginRights extends Rights {
  superuser: boolean
}

async function rightsOf(connection: Connection, database: string): Promise<LoginRights> {
  const row = one(await connection.query(RIGHTS, [database]))
  const yes = (column: string): boolean => row[column] === 'true'
  return {
    ownsDatabase: yes('owns'),
    createDatabase: yes('creates'),
    endSessions: yes('ends'),
    bypassRowSecurity: yes('bypasses'),
    createSchema: yes('schemas'),
    superuser: yes('super'),
  }
}

function either(left: LoginRights, right: LoginRights): LoginRights {
  return {
    ownsDatabase: left.ownsDatabase || right.ownsDatabase,
    createDatabase: left.createDatabase || right.createDatabase,
    endSessions: left.endSessions || right.endSessions,
    bypassRowSecurity: left.bypassRowSecurity || right.bypassRowSecurity,
    createSchema: left.createSchema || right.createSchema,
    superuser: left.superuser || right.superuser,
  }
}

/** What either login may do. */
async function readRights(
  deps: DataDeps,
  context: TaskContext,
  database: DatabaseTarget,
  connection: Connection,
): Promise<LoginRights> {
  const own = await rightsOf(connection, database.database)
  if (database.admin === undefined) return own
  // From where a recovery works: that there is such a place is seen here, before it is needed.
  const more = await withAdmin(
    deps,
    await adminTarget(deps, database),
    context.signal,
    async (other) => await rightsOf(other, database.database),
  )
  return either(own, more)
}

/** Who may not read it does not know it, and everything else all the same. */
async function floorIn(connection: Connection): Promise<Pick<DatabaseObservation, 'floor'>> {
  try {
    return { floor: await readFloor(connection) }
  } catch (error) {
    if (error instanceof QueryFailed) return {}
    throw error
  }
}

async function untrustedExtensions(connection: Connection, superuser: boolean): Promise<string[]> {
  return superuser ? [] : (await connection.query(UNTRUSTED)).map((row) => text(row, 'name'))
}

/** Throws `database-unreachable` with the reason. */
export async function lookAt(
  deps: DataDeps,
  context: TaskContext,
  database: DatabaseTarget,
): Promise<DatabaseObservation> {
  const target = await connectionTarget(deps, database, database.login, database.database)
  const { major } = await probe(deps, target, context.signal)
  return await withConnection(deps, target, pins(major), context.signal, async (connection) => {
    try {
      const version = await serverVersion(connection)
      const migrations = await readMigrations(connection, database.migrations)
      const { superuser, ...rights } = await readRights(deps, context, database, connection)
      return {
        role: database.role,
        at: deps.clock.now().toISOString(),
        serverVersion: version.text,
        serverMajor: version.major,
        sizeBytes: await readSize(connection),
        sessions: await readSessions(connection, database.database),
        ...(await readStanding(connection)),
        countsWrites: text(one(await connection.query(COUNTS_WRITES)), 'counts') === 'true',
        ...(migrations === undefined ? {} : { migrations }),
        rights,
        extensions: await readExtensions(connection),
        untrustedExtensions: await untrustedExtensions(connection, superuser),
        preparedTransactions: Number(text(one(await connection.query(PREPARED)), 'prepared')),
        ...(await floorIn(connection)),
      }
    } catch (error) {
      throw translateQuery(error, `Looking at "${database.database}"`)
    }
  })
}

/** The shorter look: sessions and write counter. */
export async function glanceAt(deps: DataDeps, context: TaskContext, database: DatabaseTarget): Promise<Glance> {
  const target = await connectionTarget(deps, database, database.login, database.database)
  return await withConnection(deps, target, UNHINDERED, context.signal, async (connection) => {
    try {
      return await glance(connection, database.database)
    } catch (error) {
      throw translateQuery(error, `Looking at "${database.database}"`)
    }
  })
}

/** The shorter look from another database of the server, as a restore and an exchange work from. */
export async function glanceFromBeside(
  deps: DataDeps,
  context: TaskContext,
  database: DatabaseTarget,
): Promise<Glance> {
  const { database: name } = database
  return await withAdmin(deps, await adminTarget(deps, database), context.signal, async (connection) => {
    try {
      const sessions = await readSessions(connection, name)
      return { sessions, writeCounter: text(one(await connection.query(WRITES_IN, [name])), 'counter') }
    } catch (error) {
      throw translateQuery(error, `Looking at what goes on in "${name}"`)
    }
  })
}
