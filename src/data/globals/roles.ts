// SQL that makes roles as they were recorded: attributes, memberships, settings; and their passwords, as the server keeps them.
import type { Globals } from '../manifest.ts'
import { identifier, literal } from '../sql/text.ts'
import { settingAssignment } from './database.ts'

export type Role = Globals['roles'][number]
export type Membership = Globals['memberships'][number]
export type Roles = Pick<Globals, 'roles' | 'memberships' | 'roleSettings'>

/** What a role has without being told, and how that is taken from it. */
const INHERIT = 'INHERIT'

export function createRoleSql({ name, attributes, connectionLimit, validUntil, password }: Role): string {
  const parts = [`create role ${identifier(name)}`, ...attributes.filter((attribute) => attribute !== INHERIT)]
  if (!attributes.includes(INHERIT)) parts.push('NOINHERIT')
  if (connectionLimit !== -1) parts.push(`connection limit ${connectionLimit}`)
  if (validUntil !== null) parts.push(`valid until ${literal(validUntil)}`)
  if (password !== undefined) parts.push(`password ${literal(password)}`)
  return parts.join(' ')
}

export function membershipSql({ role, member, admin, inherit, set }: Membership): string {
  const grant = `grant ${identifier(role)} to ${identifier(member)}`
  // From 16 on each membership says itself what it gives.
  if (inherit !== undefined && set !== undefined) return `${grant} with admin ${admin}, inherit ${inherit}, set ${set}`
  return admin ? `${grant} with admin option` : grant
}

export function roleSettingSql({ role, setting, value }: Globals['roleSettings'][number]): string {
  return `alter role ${identifier(role)} set ${settingAssignment(setting, value)}`
}

/** Several databases of one server know the same roles; the server's first one is there without being made. */
export function rolesOf(globals: readonly Roles[], bootstrap: string): Roles {
  const roles = new Map<string, Role>()
  const memberships = new Map<string, Membership>()
  const roleSettings = new Map<string, Globals['roleSettings'][number]>()
  for (const one of globals) {
    for (const role of one.roles) if (!roles.has(role.name) && role.name !== bootstrap) roles.set(role.name, role)
    for (const membership of one.memberships) {
      const key = JSON.stringify([membership.role, membership.member])
      if (!memberships.has(key)) memberships.set(key, membership)
    }
    for (const setting of one.roleSettings) {
      const key = JSON.stringify([setting.role, setting.setting])
      if (!roleSettings.has(key)) roleSettings.set(key, setting)
    }
  }
  const known = (name: string): boolean => roles.has(name) || name === bootstrap || name.startsWith('pg_')
  return {
    roles: [...roles.values()],
    memberships: [...memberships.values()].filter(({ role, member }) => known(role) && roles.has(member)),
    roleSettings: [...roleSettings.values()].filter(({ role }) => roles.has(role)),
  }
}
