// Reads what belongs to a database but is in no dump of it: owner, rights on it, settings, locale, and the server's roles.
import type { Connection, Row } from '../../ports/database.ts'
import { markIn } from '../databases.ts'
import type { Globals } from '../manifest.ts'
import { one, text } from '../session.ts'
import { EXTENSIONS } from '../sql/catalogue.ts'

/** The locale columns were renamed and extended over the majors: 15 brought the provider, 16 rules of ICU, 17 one column for all of them. */
function localeColumns(major: number): string {
  const versions = `d.datcollversion as version, pg_database_collation_actual_version(d.oid) as actual`
  const provider = 'd.datlocprovider::text as provider'
  if (major >= 17) return `${provider}, d.datlocale as locale, d.daticurules as rules, ${versions}`
  if (major >= 16) return `${provider}, d.daticulocale as locale, d.daticurules as rules, ${versions}`
  if (major >= 15) return `${provider}, d.daticulocale as locale, null as rules, ${versions}`
  return `'c' as provider, null as locale, null as rules, null as version, null as actual`
}

/** `$1` is a database's name, which need not be the one that is connected to: it may be closed, or its settings in the way. */
const GRANTS = `
  select case when a.grantee = 0 then '' else pg_get_userbyid(a.grantee) end as grantee, a.privilege_type as privilege, a.is_grantable::text as grantable
  from pg_database d, aclexplode(d.datacl) a where d.datname = $1 order by 1, 2`

const SETTINGS = `
  select r.rolname as role, s.setting from pg_db_role_setting c join pg_database d on d.oid = c.setdatabase
  left join pg_roles r on r.oid = c.setrole, unnest(c.setconfig) as s (setting) where d.datname = $1 order by 1, 2`

const ROLE_SETTINGS = `
  select r.rolname as role, s.setting from pg_db_role_setting c join pg_roles r on r.oid = c.setrole, unnest(c.setconfig) as s (setting)
  where c.setdatabase = 0 and r.rolname !~ '^pg_' order by 1, 2`

/** `valid until` has no date where it is always, or never again: `-infinity` is how a login is disabled. */
const ROLES = `
  select rolname as name, rolsuper::text as super, rolinherit::text as inherit, rolcreaterole::text as createrole, rolcreatedb::text as createdb,
    rolcanlogin::text as login, rolreplication::text as replication, rolbypassrls::text as bypass, (oid = 10)::text as bootstrap,
    rolconnlimit::text as connections, case when isfinite(rolvaliduntil) then to_char(rolvaliduntil at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00' else rolvaliduntil::text end as until
  from pg_roles where rolname !~ '^pg_' order by 1`

/** As the server keeps them, never in clear; only superusers may look. */
const PASSWORDS = `select rolname as name, rolpassword as password from pg_authid where rolpassword is not null and oid <> 10`

/** One grant of a role may be there several times, by several grantors. */
function memberships(major: number): string {
  const options =
    major >= 16
      ? `bool_or(inherit_option)::text as inherit, bool_or(set_option)::text as set`
      : `null as inherit, null as set`
  return `
    select pg_get_userbyid(roleid) as role, pg_get_userbyid(member) as member, bool_or(admin_option)::text as admin, ${options}
    from pg_auth_members group by 1, 2 order by 1, 2`
}

const TABLESPACES = `
  select s.spcname as name, pg_get_userbyid(s.spcowner) as owner, pg_tablespace_location(s.oid) as location from pg_tablespace s
  where s.spcname not in ('pg_default', 'pg_global') and (s.oid in (select reltablespace from pg_class) or s.oid in (select dattablespace from pg_database where datname = $1))
  order by 1`

const COLLATIONS = `
  select format('%I.%I', n.nspname, c.collname) as name, c.collversion as version, pg_collation_actual_version(c.oid) as actual
  from pg_collation c join pg_namespace n on n.oid = c.collnamespace
  where n.nspname <> 'pg_catalog' and c.collversion is not null and c.collencoding in (-1, (select encoding from pg_database where datname = current_database())) order by 1`

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

function settingOf(row: Row): { setting: string; value: string } {
  const both = text(row, 'setting')
  const at = both.indexOf('=')
  return { setting: both.slice(0, at), value: both.slice(at + 1) }
}

export async function readExtensions(connection: Connection): Promise<Record<string, string>> {
  const rows = await connection.query(EXTENSIONS)
  return Object.fromEntries(rows.map((row) => [text(row, 'name'), text(row, 'version')]))
}

export async function readCollations(connection: Connection): Promise<Globals['collations']> {
  const rows = await connection.query(COLLATIONS)
  return rows.map((row) => ({ name: text(row, 'name'), version: text(row, 'version'), actual: row['actual'] ?? null }))
}

/** Of one database, by name, from a connection to any of its server. */
export async function readDatabaseGlobals(
  connection: Connection,
  name: string,
  major: number,
): Promise<Pick<Globals, 'database' | 'settings' | 'tablespaces'>> {
  const row = one(
    await connection.query(
      `
      select pg_get_userbyid(d.datdba) as owner, pg_encoding_to_char(d.encoding) as encoding, d.datcollate as collate, d.datctype as ctype,
        d.datconnlimit::text as connections, s.spcname as tablespace, (d.datacl is null)::text as plain, shobj_description(d.oid, 'pg_database') as comment, ${localeColumns(major)}
      from pg_database d join pg_tablespace s on s.oid = d.dattablespace where d.datname = $1`,
      [name],
    ),
  )
  const grants = (await connection.query(GRANTS, [name])).map((grant) => ({
    grantee: text(grant, 'grantee'),
    privilege: text(grant, 'privilege'),
    grantable: text(grant, 'grantable') === 'true',
  }))
  const provider = text(row, 'provider')
  const settings = await connection.query(SETTINGS, [name])
  const tablespaces = await connection.query(TABLESPACES, [name])
  return {
    database: {
      name,
      owner: text(row, 'owner'),
      encoding: text(row, 'encoding'),
      collate: text(row, 'collate'),
      ctype: text(row, 'ctype'),
      provider: provider === 'i' || provider === 'b' ? provider : 'c',
      locale: row['locale'] ?? null,
      rules: row['rules'] ?? null,
      comment: markIn(row['comment']) === undefined ? (row['comment'] ?? null) : null,
      collationVersion: row['version'] ?? null,
      actualCollationVersion: row['actual'] ?? null,
      connectionLimit: Number(text(row, 'connections')),
      tablespace: text(row, 'tablespace'),
      grants: text(row, 'plain') === 'true' ? null : grants,
    },
    settings: settings.map((entry) => ({ role: entry['role'] ?? null, ...settingOf(entry) })),
    tablespaces: tablespaces.map((entry) => ({
      name: text(entry, 'name'),
      owner: text(entry, 'owner'),
      location: text(entry, 'location'),
    })),
  }
}

/** The server's roles, whatever database one is connected to. */
export async function readRoles(
  connection: Connection,
  major: number,
): Promise<Pick<Globals, 'bootstrap' | 'passwords' | 'roles' | 'memberships' | 'roleSettings'>> {
  const may = one(await connection.query(`select has_table_privilege('pg_catalog.pg_authid', 'select')::text as may`))
  const readable = text(may, 'may') === 'true'
  const verifiers = readable ? await connection.query(PASSWORDS) : []
  const passwords = new Map(verifiers.map((row) => [text(row, 'name'), text(row, 'password')]))
  const roles = await connection.query(ROLES)
  const settings = await connection.query(ROLE_SETTINGS)
  return {
    bootstrap:
      roles.filter((entry) => entry['bootstrap'] === 'true').map((entry) => text(entry, 'name'))[0] ?? 'postgres',
    passwords: readable,
    roles: roles.map((entry) => {
      const password = passwords.get(text(entry, 'name'))
      return {
        name: text(entry, 'name'),
        attributes: attributesOf(entry),
        connectionLimit: Number(text(entry, 'connections')),
        validUntil: entry['until'] ?? null,
        ...(password === undefined ? {} : { password }),
      }
    }),
    memberships: (await connection.query(memberships(major))).map((entry) => ({
      role: text(entry, 'role'),
      member: text(entry, 'member'),
      admin: text(entry, 'admin') === 'true',
      ...(entry['inherit'] === null ? {} : { inherit: entry['inherit'] === 'true', set: entry['set'] === 'true' }),
    })),
    roleSettings: settings.map((entry) => ({ role: text(entry, 'role'), ...settingOf(entry) })),
  }
}

/** In the database that is connected to. */
export async function readGlobals(connection: Connection, role: string, major: number): Promise<Globals> {
  const name = text(one(await connection.query('select current_database() as name')), 'name')
  return {
    version: 1,
    role,
    ...(await readDatabaseGlobals(connection, name, major)),
    ...(await readRoles(connection, major)),
    collations: await readCollations(connection),
    extensions: await readExtensions(connection),
  }
}
