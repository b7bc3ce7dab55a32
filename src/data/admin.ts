// The login that makes and renames databases: the product's administrator where it has one, else its own login.
import type { DatabaseTarget } from '../core/data/tasks.ts'
import type { Connection, ConnectionTarget } from '../ports/database.ts'
import type { DataDeps } from './deps.ts'
import { connectionTarget, UNHINDERED } from './session.ts'

/** Databases that are there on nearly every server. */
const USUAL = ['postgres', 'template1'] as const

/** The product may keep its data in the database that an administrator usually connects to: then another one it is. */
function workplace(databases: readonly DatabaseTarget[]): string {
  const live = new Set(databases.map(({ database }) => database))
  const wanted = [...databases.flatMap(({ admin }) => admin?.database ?? []), ...USUAL]
  return wanted.find((name) => !live.has(name)) ?? USUAL[1]
}

export async function adminTarget(deps: DataDeps, database: DatabaseTarget, name?: string): Promise<ConnectionTarget> {
  return await connectionTarget(deps, database, database.admin ?? database.login, name ?? workplace([database]))
}

/** For work on several databases of one server, as `byServer` gives them: from none of those that are renamed or closed by it. */
export async function serverTarget(
  deps: DataDeps,
  databases: readonly [DatabaseTarget, ...DatabaseTarget[]],
): Promise<ConnectionTarget> {
  return await adminTarget(deps, databases[0], workplace(databases))
}

/** Databases of one server that one login reaches, so that one transaction can rename them all. */
export function byServer(databases: readonly DatabaseTarget[]): [DatabaseTarget, ...DatabaseTarget[]][] {
  const servers = new Map<string, [DatabaseTarget, ...DatabaseTarget[]]>()
  for (const database of databases) {
    const login = database.admin ?? database.login
    const key = JSON.stringify([database.host, database.port, login.user, database.admin?.database ?? USUAL[0]])
    const known = servers.get(key)
    if (known === undefined) servers.set(key, [database])
    else known.push(database)
  }
  return [...servers.values()]
}

/** Those that `UNHINDERED` leaves out, where the server knows them: its major is not known before. */
const LIFT_NEWER = `select set_config(name, '0', false) from pg_settings where name in ('idle_session_timeout', 'transaction_timeout')`

/** A session that makes, renames, closes or drops databases, whatever the role or the server has set. */
export async function connectAdmin(
  deps: DataDeps,
  target: ConnectionTarget,
  signal?: AbortSignal,
  settings: Record<string, string> = {},
): Promise<Connection> {
  const connection = await deps.databases.connect(target, { ...UNHINDERED, ...settings }, signal)
  try {
    await connection.query(LIFT_NEWER)
    return connection
  } catch (error) {
    await connection.close()
    throw error
  }
}

/** Opens, uses and closes one such session. */
export async function withAdmin<T>(
  deps: DataDeps,
  target: ConnectionTarget,
  signal: AbortSignal | undefined,
  use: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await connectAdmin(deps, target, signal)
  try {
    return await use(connection)
  } finally {
    await connection.close()
  }
}
