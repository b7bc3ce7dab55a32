// On the scratch server everything that no dump holds is made again, and read again: roles, memberships, rights, settings.
import { QueryFailed, type Connection } from '../../ports/database.ts'
import { databaseDifferences, PASSWORDS_NOT_READABLE, rolesDifferences } from '../globals/compare.ts'
import { databaseCommentSql, databaseRightsSql } from '../globals/database.ts'
import { readDatabaseGlobals, readRoles } from '../globals/read.ts'
import { createRoleSql, membershipSql, roleSettingSql, rolesOf } from '../globals/roles.ts'
import type { Globals } from '../manifest.ts'
import { identifier } from '../sql/text.ts'
import type { StoredDatabase } from '../stored-set.ts'

/** The value of a setting may be a secret. */
function withoutValue(statement: string): string {
  return statement.replace(/ to .*$/s, '')
}

/** What the server does not take, by its statement: a setting of a library that is not here, for example. */
async function tryAll(connection: Connection, statements: readonly string[]): Promise<string[]> {
  const refused: string[] = []
  for (const statement of statements) {
    try {
      await connection.query(statement)
    } catch (error) {
      if (!(error instanceof QueryFailed)) throw error
      refused.push(`not tried, because the scratch server does not take it: ${withoutValue(statement)}`)
    }
  }
  return refused
}

/** Gives what could not be made, or is not as it was recorded. Nobody but the proof reaches this server, whatever the roles may do. */
export async function makeRoles(
  connection: Connection,
  globals: readonly Globals[],
  bootstrap: string,
  major: number,
): Promise<string[]> {
  const recorded = rolesOf(globals, bootstrap)
  for (const role of recorded.roles) await connection.query(createRoleSql(role))
  for (const membership of recorded.memberships) await connection.query(membershipSql(membership))
  const refused = await tryAll(connection, recorded.roleSettings.map(roleSettingSql))
  const differences = rolesDifferences(recorded, await readRoles(connection, major), true)
  const unread = globals.every(({ passwords }) => passwords) ? [] : [PASSWORDS_NOT_READABLE]
  return [...unread, ...(refused.length > 0 ? refused : differences)]
}

/** Of a restored database, when nothing will be read from it any more: its settings hold for whoever connects after this. */
export async function tryRights(connection: Connection, name: string, stored: StoredDatabase): Promise<string[]> {
  const { globals, evidence } = stored
  const owner = `alter database ${identifier(name)} owner to ${identifier(globals.database.owner)}`
  const refused = await tryAll(connection, [
    owner,
    ...databaseRightsSql(name, globals),
    ...databaseCommentSql(name, globals),
  ])
  if (refused.length > 0) return refused
  return databaseDifferences(globals, await readDatabaseGlobals(connection, name, evidence.serverMajor))
}
