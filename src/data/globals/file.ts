// `globals.sql`: what no dump holds, as a person reads it and psql runs it. What a server has already stays as it is.
import type { Globals } from '../manifest.ts'
import { identifier, literal } from '../sql/text.ts'
import { createDatabaseSql, databaseCommentSql, databaseRightsSql } from './database.ts'
import { createRoleSql, membershipSql, roleSettingSql, rolesOf } from './roles.ts'

/** Stands for the name that psql is told, where the statements are made. */
const NAME = 'PAWL_DATABASE_NAME'
const VARIABLE = ':"database"'

function comment(lines: readonly string[]): string {
  return lines.map((line) => `-- ${line.replaceAll(/[\r\n]/g, ' ')}`).join('\n')
}

function makeRoles(globals: Globals): string[] {
  const { roles, memberships, roleSettings } = rolesOf([globals], globals.bootstrap)
  if (roles.length === 0) return []
  const names = roles.map(({ name }) => `(${literal(name)})`).join(', ')
  const lines = [
    comment([
      'Roles that are not there yet. Those that are keep their attributes, memberships and settings.',
      globals.passwords
        ? 'Passwords are as the server kept them, never in clear.'
        : 'Passwords: not readable with the login that took the backup. Give new ones with \\password.',
    ]),
    `create temporary table pawl_new_roles as select name from (values ${names}) as recorded (name)`,
    `  where not exists (select from pg_catalog.pg_roles where rolname = name);`,
  ]
  for (const role of roles) lines.push(`${isNew(role.name)}`, `  ${createRoleSql(role)};`, '\\endif')
  for (const { name } of roles) {
    const own = [
      ...memberships.filter(({ member }) => member === name).map(membershipSql),
      ...roleSettings.filter(({ role }) => role === name).map(roleSettingSql),
    ]
    if (own.length > 0) lines.push(isNew(name), ...own.map((statement) => `  ${statement};`), '\\endif')
  }
  return lines
}

function isNew(name: string): string {
  return `select exists (select from pawl_new_roles where name = ${literal(name)}) as new \\gset\n\\if :new`
}

export function globalsSql(globals: Globals, major: number): string {
  const { database, tablespaces, extensions } = globals
  const own = (statement: string): string => `${statement.replace(identifier(NAME), VARIABLE)};`
  const facts = [
    `What the dump of the database ${database.name} leaves out. Run it as a superuser, with the name of the new database:`,
    '  psql --no-psqlrc --set ON_ERROR_STOP=1 --set database=NAME --dbname postgres --file globals.sql',
    `extensions: ${
      Object.entries(extensions)
        .map(([name, version]) => `${name} ${version}`)
        .join(', ') || 'none'
    }`,
    `sort order: ${database.locale ?? database.collate}, version ${database.actualCollationVersion ?? 'unknown'}`,
    ...tablespaces.map(({ name, owner, location }) => `tablespace (not made here): ${name} of ${owner} in ${location}`),
  ]
  const parts = [
    comment(facts),
    makeRoles(globals).join('\n'),
    [
      comment(['The database, empty, in the standard tablespace; then the rights on it and its settings.']),
      own(createDatabaseSql(NAME, globals, major, { owner: database.owner })),
      ...[...databaseRightsSql(NAME, globals), ...databaseCommentSql(NAME, globals)].map(own),
    ].join('\n'),
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}
