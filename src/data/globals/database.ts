// SQL that gives a restored database what no dump of it holds: encoding and locale, owner, rights on it, settings, limit.
import type { Globals } from '../manifest.ts'
import { identifier, literal } from '../sql/text.ts'

/** `CREATE DATABASE` with the recorded encoding and locale; `plainLocale` takes C instead, for a machine without that locale. */
export function createDatabaseSql(
  name: string,
  globals: Globals,
  major: number,
  options: { owner?: string; plainLocale?: boolean; tablespace?: string } = {},
): string {
  const { database } = globals
  const parts = [`create database ${identifier(name)} template template0 encoding ${literal(database.encoding)}`]
  if (options.owner !== undefined) parts.push(`owner ${identifier(options.owner)}`)
  if (options.tablespace !== undefined) parts.push(`tablespace ${identifier(options.tablespace)}`)
  if (options.plainLocale === true) parts.push(`lc_collate 'C' lc_ctype 'C'`)
  else parts.push(`lc_collate ${literal(database.collate)} lc_ctype ${literal(database.ctype)}`)
  if (options.plainLocale !== true && major >= 15 && database.provider !== 'c') {
    parts.push(`locale_provider ${database.provider === 'i' ? 'icu' : 'builtin'}`)
    if (database.locale !== null)
      parts.push(`${database.provider === 'i' ? 'icu_locale' : 'builtin_locale'} ${literal(database.locale)}`)
    if (database.rules !== null) parts.push(`icu_rules ${literal(database.rules)}`)
  } else if (major >= 15) parts.push('locale_provider libc')
  return parts.join(' ')
}

/** Statements that give a restored database the rights, settings and limit of the one that was backed up. */
export function databaseRightsSql(name: string, globals: Globals): string[] {
  const { database, settings } = globals
  const on = `database ${identifier(name)}`
  const to = (role: string): string => (role === '' ? 'public' : identifier(role))
  const statements: string[] = []
  if (database.grants !== null) {
    // The owner has everything without being told, and may have been denied some of it.
    statements.push(`revoke all on ${on} from public, ${identifier(database.owner)}`)
    for (const grant of database.grants)
      statements.push(
        `grant ${grant.privilege} on ${on} to ${to(grant.grantee)}${grant.grantable ? ' with grant option' : ''}`,
      )
  }
  for (const { role, setting, value } of settings) {
    const whose = role === null ? on : `role ${identifier(role)} in ${on}`
    statements.push(`alter ${whose} set ${settingAssignment(setting, value)}`)
  }
  if (database.connectionLimit !== -1) statements.push(`alter ${on} connection limit ${database.connectionLimit}`)
  return statements
}

/** Not among the rights: beside a live database the comment is Pawl's own. */
export function databaseCommentSql(name: string, { database }: Globals): string[] {
  return database.comment === null ? [] : [`comment on database ${identifier(name)} is ${literal(database.comment)}`]
}

/**
 * Stored as a list of names, each quoted where it must be; as one text they would become one name. The same as in pg_dump:
 * https://github.com/postgres/postgres/blob/REL_17_STABLE/src/bin/pg_dump/dumputils.c, variable_is_guc_list_quote
 */
const LISTS = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
])
/** Of these the server folds names that have no quotes; the others hold paths. */
const FOLDED = new Set(['search_path', 'temp_tablespaces'])

/** A name of a list, in quotes or without, and what follows it. */
const LISTED = /\s*(?:"((?:[^"]|"")*)"|([^\s",]+))\s*(,|$)/y

/** The names of a stored list; undefined where it is none. */
function listedNames(setting: string, value: string): string[] | undefined {
  const names: string[] = []
  LISTED.lastIndex = 0
  for (;;) {
    const [, quoted, bare = '', end] = LISTED.exec(value) ?? []
    if (end === undefined) return undefined
    const name = FOLDED.has(setting) ? bare.replaceAll(/[A-Z]+/g, (capitals) => capitals.toLowerCase()) : bare
    names.push(quoted?.replaceAll('""', '"') ?? name)
    if (end === '') return names
  }
}

export function settingAssignment(setting: string, value: string): string {
  const name = setting.split('.').map(identifier).join('.')
  const names = LISTS.has(setting) ? listedNames(setting, value) : undefined
  return `${name} to ${(names ?? [value]).map(literal).join(', ')}`
}
