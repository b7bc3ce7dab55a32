// The login that makes and renames databases: the product's administrator where it has one, else its own login.
import type { DatabaseTarget } from '../core/data/tasks.ts'
import type { ConnectionTarget } from '../ports/database.ts'
import type { DataDeps } from './deps.ts'
import { connectionTarget } from './session.ts'

/** A database that is there on nearly every server and is never the one that is worked on. */
const USUAL_DATABASE = 'postgres'

export async function adminTarget(deps: DataDeps, database: DatabaseTarget, name?: string): Promise<ConnectionTarget> {
  const { admin } = database
  if (admin === undefined) return await connectionTarget(deps, database, database.login, name ?? USUAL_DATABASE)
  return await connectionTarget(deps, database, admin, name ?? admin.database)
}

/** Databases of one server that one login reaches, so that one transaction can rename them all. */
export function byServer(databases: readonly DatabaseTarget[]): DatabaseTarget[][] {
  const servers = new Map<string, DatabaseTarget[]>()
  for (const database of databases) {
    const login = database.admin ?? database.login
    const key = JSON.stringify([database.host, database.port, login.user, database.admin?.database ?? USUAL_DATABASE])
    servers.set(key, [...(servers.get(key) ?? []), database])
  }
  return [...servers.values()]
}
