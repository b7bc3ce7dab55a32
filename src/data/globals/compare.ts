// What of the recorded roles, rights and settings is not the same on a server, in words. Values of settings may be secrets: never shown.
import type { Globals } from '../manifest.ts'
import type { Membership, Role, Roles } from './roles.ts'

export const PASSWORDS_NOT_READABLE =
  'passwords of roles: not readable with the login that took the backup, so not in the set'

function roleDifference(expected: Role, got: Role | undefined, passwords: boolean): string[] {
  const { name } = expected
  if (got === undefined) return [`role ${name}: not on this server`]
  const found: string[] = []
  const [was, is] = [expected.attributes.join(' '), got.attributes.join(' ')]
  if (was !== is) found.push(`role ${name}: ${was || 'no attributes'} in the backup, ${is || 'none'} here`)
  if (expected.connectionLimit !== got.connectionLimit) found.push(`role ${name}: another connection limit here`)
  if (expected.validUntil !== got.validUntil) found.push(`role ${name}: valid until another time here`)
  if (passwords && expected.password !== got.password) found.push(`role ${name}: another password here`)
  return found
}

function membershipDifference(expected: Membership, got: Membership | undefined): string[] {
  const { role, member } = expected
  if (got === undefined) return [`membership of ${member} in ${role}: not on this server`]
  const same = expected.admin === got.admin && expected.inherit === got.inherit && expected.set === got.set
  return same ? [] : [`membership of ${member} in ${role}: with other options here`]
}

/** What a server has besides is its own business. `passwords`: compared where both sides could read them. */
export function rolesDifferences(expected: Roles, got: Roles, passwords: boolean): string[] {
  const roles = new Map(got.roles.map((role) => [role.name, role]))
  const memberships = new Map(got.memberships.map((one) => [JSON.stringify([one.role, one.member]), one]))
  const settings = new Map(got.roleSettings.map((one) => [JSON.stringify([one.role, one.setting]), one.value]))
  return [
    ...expected.roles.flatMap((role) => roleDifference(role, roles.get(role.name), passwords)),
    ...expected.memberships
      .filter(({ member, role }) => roles.has(member) && (roles.has(role) || role.startsWith('pg_')))
      .flatMap((one) => membershipDifference(one, memberships.get(JSON.stringify([one.role, one.member])))),
    ...expected.roleSettings
      .filter(({ role, setting, value }) => roles.has(role) && settings.get(JSON.stringify([role, setting])) !== value)
      .map(({ role, setting }) => `setting ${setting} of role ${role}: not the same here`),
  ]
}

type OfDatabase = Pick<Globals, 'database' | 'settings'>

export function databaseDifferences(expected: OfDatabase, got: OfDatabase): string[] {
  const found: string[] = []
  if (expected.database.owner !== got.database.owner) found.push('owner of the database: another one here')
  if (expected.database.connectionLimit !== got.database.connectionLimit)
    found.push('connection limit of the database: another one here')
  const grants = (of: OfDatabase): string =>
    (of.database.grants ?? [])
      .map((grant) => JSON.stringify(grant))
      .toSorted()
      .join()
  if (grants(expected) !== grants(got)) found.push('rights on the database: not the same here')
  if (expected.database.comment !== got.database.comment) found.push('comment on the database: not the same here')
  const keyOf = (one: Globals['settings'][number]): string => JSON.stringify([one.role, one.setting, one.value])
  const there = new Set(got.settings.map(keyOf))
  for (const one of expected.settings.filter((setting) => !there.has(keyOf(setting))))
    found.push(
      `setting ${one.setting} of ${one.role === null ? 'the database' : `role ${one.role} in it`}: not the same here`,
    )
  return found
}

/** Indexes are in the order of the version they were made under; another one may sort differently, and then they lie. */
export function sourceCollationNotes({ database, collations }: Pick<Globals, 'database' | 'collations'>): string[] {
  const own = { name: 'of the database', version: database.collationVersion, actual: database.actualCollationVersion }
  return [own, ...collations]
    .filter(({ version, actual }) => version !== null && actual !== null && version !== actual)
    .map(
      ({ name, version, actual }) =>
        `sort order ${name}: made under version ${version}, the source's server has ${actual}; its indexes may be out of order, REINDEX there`,
    )
}

export function collationDifferences(expected: Globals, got: Pick<Globals, 'database' | 'collations'>): string[] {
  const found: string[] = []
  const [was, is] = [expected.database.actualCollationVersion, got.database.actualCollationVersion]
  if (was !== null && is !== null && was !== is)
    found.push(`sort order of the database: version ${was} in the source, ${is} where it was restored`)
  const there = new Map(got.collations.map(({ name, actual }) => [name, actual]))
  for (const { name, actual } of expected.collations) {
    const other = there.get(name) ?? null
    if (actual !== null && other !== null && actual !== other)
      found.push(`sort order ${name}: version ${actual} in the source, ${other} where it was restored`)
  }
  return found
}
