// What belongs to a database but is in no dump of it: owner, rights on it, settings, locale, and the server's roles.
import type { Connection, Row } from '../ports/database.ts'
import type { Globals } from './manifest.ts'
import { one, text } from './session.ts'
import { EXTENSIONS } from './sql/catalogue.ts'
import { identifier, literal } from './sql/text.ts'

/** The locale columns were renamed and extended over the majors: 15 brought the provider, 17 one column for all of them. */
function localeColumns(major: number): string {
  if (major >= 17) return `d.datlocprovider::text as provider, d.datlocale as locale, d.datcollversion as version`
  if (major >= 15) return `d.datlocprovider::text as provider, d.daticulocale as locale, d.datcollversion as version`
  return `'c' as provider, null as locale, null as version`
}

const GRANTS = `
  select case when a.grantee = 0 then '' else pg_get_userbyid(a.grantee) end as grantee, a.privilege_type as privilege, a.is_grantable::text as grantable
  from pg_database d, aclexplode(d.datacl) a where d.datname = current_database() order by 1, 2`

const SETTINGS = `
  select r.rolname as role, s.setting from pg_db_role_setting c join pg_database d on d.oid = c.setdatabase
  left join pg_roles r on r.oid = c.setrole, unnest(c.setconfig) as s (setting) where d.datname = current_database() order by 1, 2`

const ROLES = `
  select rolname as name, rolsuper::text as super, rolinherit::text as inherit, rolcreaterole::text as createrole, rolcreatedb::text as createdb,
    rolcanlogin::text as login, rolreplication::text as replication, rolbypassrls::text as bypass, (oid = 10)::text as bootstrap
  from pg_roles where rolname !~ '^pg_' order by 1`

const MEMBERSHIPS = `
  select pg_get_userbyid(roleid) as role, pg_get_userbyid(member) as member, bool_or(admin_option)::text as admin
  from pg_auth_members group by 1, 2 order by 1, 2`

function attributesOf(row: Row): string[] {
  const pairs: [string, string][] = [
    ['super', 'SUPERUSER'],
    ['inherit', 'INHERIT'],
    ['createrole', 'CREATEROLE'],
    ['createdb', 'CREATEDB'],
    ['login', 'LOGIN'],
    ['replication', 'REPLICATION'],
    ['bypass', 'BYPASSRLS'],
  ]
  return pairs.filter(([column]) => row[column] === 'true').map(([, attribute]) => attribute)
}

function settingOf(row: Row): Globals['settings'][number] {
  const both = text(row, 'setting')
  const at = both.indexOf('=')
  return { role: row['role'] ?? null, setting: both.slice(0, at), value: both.slice(at + 1) }
}

export async function readExtensions(connection: Connection): Promise<Record<string, string>> {
  const rows = await connection.query(EXTENSIONS)
  return Object.fromEntries(rows.map((row) => [text(row, 'name'), text(row, 'version')]))
}

export async function readGlobals(connection: Connection, role: string, major: number): Promise<Globals> {
  const row = one(
    await connection.query(`
      select d.datname as name, pg_get_userbyid(d.datdba) as owner, pg_encoding_to_char(d.encoding) as encoding, d.datcollate as collate,
        d.datctype as ctype, d.datconnlimit::text as connections, (d.datacl is null)::text as plain, ${localeColumns(major)}
      from pg_database d where d.datname = current_database()`),
  )
  const grants = (await connection.query(GRANTS)).map((grant) => ({
    grantee: text(grant, 'grantee'),
    privilege: text(grant, 'privilege'),
    grantable: text(grant, 'grantable') === 'true',
  }))
  const provider = text(row, 'provider')
  const roles = await connection.query(ROLES)
  const memberships = await connection.query(MEMBERSHIPS)
  return {
    version: 1,
    role,
    database: {
      name: text(row, 'name'),
      owner: text(row, 'owner'),
      encoding: text(row, 'encoding'),
      collate: text(row, 'collate'),
      ctype: text(row, 'ctype'),
      provider: provider === 'i' || provider === 'b' ? provider : 'c',
      locale: row['locale'] ?? null,
      collationVersion: row['version'] ?? null,
      connectionLimit: Number(text(row, 'connections')),
      grants: text(row, 'plain') === 'true' ? null : grants,
    },
    settings: (await connection.query(SETTINGS)).map(settingOf),
    bootstrap:
      roles.filter((entry) => entry['bootstrap'] === 'true').map((entry) => text(entry, 'name'))[0] ?? 'postgres',
    roles: roles.map((entry) => ({ name: text(entry, 'name'), attributes: attributesOf(entry) })),
    memberships: memberships.map((entry) => ({
      role: text(entry, 'role'),
      member: text(entry, 'member'),
      admin: text(entry, 'admin') === 'true',
    })),
    extensions: await readExtensions(connection),
  }
}

/** `CREATE DATABASE` with the recorded encoding and locale; `plainLocale` takes C instead, for a machine without that locale. */
export function createDatabaseSql(
  name: string,
  globals: Globals,
  major: number,
  options: { owner?: string; plainLocale?: boolean } = {},
): string {
  const { database } = globals
  const parts = [`create database ${identifier(name)} template template0 encoding ${literal(database.encoding)}`]
  if (options.owner !== undefined) parts.push(`owner ${identifier(options.owner)}`)
  if (options.plainLocale === true) parts.push(`lc_collate 'C' lc_ctype 'C'`)
  else parts.push(`lc_collate ${literal(database.collate)} lc_ctype ${literal(database.ctype)}`)
  if (options.plainLocale !== true && major >= 15 && database.provider !== 'c') {
    parts.push(`locale_provider ${database.provider === 'i' ? 'icu' : 'builtin'}`)
    if (database.locale !== null)
      parts.push(`${database.provider === 'i' ? 'icu_locale' : 'builtin_locale'} ${literal(database.locale)}`)
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
    statements.push(`revoke all on ${on} from public`)
    for (const grant of database.grants) {
      // The owner has everything without being told.
      if (grant.grantee === database.owner) continue
      statements.push(
        `grant ${grant.privilege} on ${on} to ${to(grant.grantee)}${grant.grantable ? ' with grant option' : ''}`,
      )
    }
  }
  for (const { role, setting, value } of settings) {
    const whose = role === null ? on : `role ${identifier(role)} in ${on}`
    statements.push(`alter ${whose} set ${settingAssignment(setting, value)}`)
  }
  if (database.connectionLimit !== -1) statements.push(`alter ${on} connection limit ${database.connectionLimit}`)
  return statements
}

/** Settings that hold a list of names are stored as a list and must not be quoted as one name. */
const LISTS = new Set([
  'search_path',
  'temp_tablespaces',
  'local_preload_libraries',
  'session_preload_libraries',
  'datestyle',
])

function settingAssignment(setting: string, value: string): string {
  const name = setting.split('.').map(identifier).join('.')
  return LISTS.has(setting.toLowerCase()) && value !== '' ? `${name} to ${value}` : `${name} to ${literal(value)}`
}

/** Roles of the recorded server for a scratch server: nobody can log in as them, and they own and are granted as before. */
export function scratchRolesSql(globals: readonly Globals[], bootstrap: string): string[] {
  const names = new Set(globals.flatMap((entry) => entry.roles.map((role) => role.name)))
  names.delete(bootstrap)
  const statements = [...names].map((name) => `create role ${identifier(name)} nologin`)
  const seen = new Set<string>()
  for (const { role, member } of globals.flatMap((entry) => entry.memberships)) {
    const known =
      (names.has(role) || role === bootstrap || role.startsWith('pg_')) && (names.has(member) || member === bootstrap)
    const statement = `grant ${identifier(role)} to ${identifier(member)}`
    if (known && member !== bootstrap && !seen.has(statement)) statements.push(statement)
    seen.add(statement)
  }
  return statements
}
