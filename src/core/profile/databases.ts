// Which databases an installation has, by the profile's rules over its live values.
import type { DatabaseTarget } from '../data/tasks.ts'
import { PawlError } from '../errors.ts'
import type { PlannedDatabase } from '../plan/plan.ts'
import { evaluatorFor } from './cel.ts'
import type { CelScope, Evaluator } from './cel.ts'
import { overridesIn } from './overrides.ts'
import type { Overrides } from './overrides.ts'
import type { Cel, DatabaseRule, EvidenceRule, Profile } from './profile.ts'

/** One database as the values describe it, before anybody has looked at it. */
export interface ExpectedDatabase {
  target: DatabaseTarget
  migrator: PlannedDatabase['migrator']
  /** Last migration the release expects; absent where its chart does not say. */
  expectedMigration?: string
  /** Further Secrets whose holders can write to it. */
  otherCredentials?: string[]
  /** What must say the same in the live release; absent where the profile knows no such place. */
  evidence?: ExpectedEvidence
}

/** One container of the live release, and which of its variables say where the database is. */
export interface ExpectedEvidence {
  configMap: string
  deployment: string
  container: string
  host: string
  port: string
  database: string
  user: string
  password?: string
  tls?: string
  /** What the values lay over the chart's own settings of that container. */
  overrides?: Overrides
}

export interface DatabaseLocation {
  role: string
  host: string
  port: number
  database: string
  /** Section of the values with settings that may put it elsewhere; absent where there are none. */
  overriddenBy?: string
}

/** Only where the values say the databases are: a few of the rules, for what must answer at once. Throws `unknown-state`. */
export function locationsOf(profile: Profile, scope: CelScope): DatabaseLocation[] {
  const evaluator = evaluatorFor(profile.name, scope)
  return applicable(profile, evaluator).map((rule) => {
    const read = reading(rule, evaluator)
    const { role, host, port, database } = rule
    const section = overridingSection(rule, read, scope)
    return {
      role,
      host: read.text('host', host),
      port: read.integer('port', port),
      database: read.text('database', database),
      ...(section === undefined ? {} : { overriddenBy: section }),
    }
  })
}

function overridingSection(rule: DatabaseRule, read: Reading, scope: CelScope): string | undefined {
  const evidence = applicableEvidence(rule, read)
  if (evidence?.overrides === undefined) return undefined
  const names = [evidence.host, evidence.port, evidence.database]
  return overridesIn(scope.values, evidence.overrides, { names }, scope.release)?.section
}

function applicable(profile: Profile, evaluator: Evaluator): DatabaseRule[] {
  return profile.databases.filter((rule) => evaluator.flag(`databases.${rule.role}.when`, rule.when))
}

/** Throws `unknown-state` naming the field that cannot be told. */
export function databasesOf(profile: Profile, scope: CelScope): ExpectedDatabase[] {
  const evaluator = evaluatorFor(profile.name, scope)
  return applicable(profile, evaluator).map((rule) => databaseOf(rule, reading(rule, evaluator), profile.name, scope))
}

interface Reading {
  flag(field: string, expression: Cel): boolean
  text(field: string, expression: Cel): string
  integer(field: string, expression: Cel): number
}

function reading(rule: DatabaseRule, evaluator: Evaluator): Reading {
  const at = `databases.${rule.role}`
  return {
    flag: (field, expression) => evaluator.flag(`${at}.${field}`, expression),
    text: (field, expression) => evaluator.text(`${at}.${field}`, expression),
    integer: (field, expression) => evaluator.integer(`${at}.${field}`, expression),
  }
}

function databaseOf(rule: DatabaseRule, read: Reading, profile: string, scope: CelScope): ExpectedDatabase {
  const missing = (field: string, expression: Cel): PawlError =>
    new PawlError({
      code: 'unknown-state',
      message: `profile ${profile} finds no ${field} of database ${rule.role} in the values of this installation`,
      facts: { profile, field: `databases.${rule.role}.${field}`, expression },
    })
  const filled = (field: string, expression: Cel): string => {
    const value = read.text(field, expression)
    if (value === '') throw missing(field, expression)
    return value
  }
  const port = read.integer('port', rule.port)
  if (port < 1 || port > 65_535) throw missing('port', rule.port)
  const admin = adminOf(rule, read)
  const evidence = evidenceOf(rule, read, scope)
  const others = (rule.otherCredentials ?? [])
    .map((secret) => read.text('otherCredentials', secret))
    .filter((secret) => secret !== '')
  const expected = read.text('expected', rule.expected)
  const deployment = filled('migrator.deployment', rule.migrator.deployment)
  const login = loginOf(
    filled('user', rule.user),
    read.text('passwordSecret', rule.passwordSecret),
    read.text('passwordKey', rule.passwordKey),
  )
  return {
    target: {
      role: rule.role,
      host: filled('host', rule.host),
      port,
      database: filled('database', rule.database),
      login,
      tls: read.text('tls', rule.tls) === 'require' ? 'require' : 'disable',
      migrations: rule.migrations,
      ...(admin === undefined ? {} : { admin }),
    },
    migrator:
      rule.migrator.kind === 'deployment'
        ? { kind: 'deployment', deployment }
        : { kind: 'init-container', deployment, container: rule.migrator.container },
    ...(others.length === 0 ? {} : { otherCredentials: others }),
    ...(evidence === undefined ? {} : { evidence }),
    ...(expected === '' ? {} : { expectedMigration: expected }),
  }
}

function applicableEvidence({ evidence = [] }: DatabaseRule, read: Reading): EvidenceRule | undefined {
  return evidence.find(({ when = 'true' }) => read.flag('evidence.when', when))
}

function evidenceOf(databaseRule: DatabaseRule, read: Reading, scope: CelScope): ExpectedEvidence | undefined {
  const rule = applicableEvidence(databaseRule, read)
  if (rule === undefined) return undefined
  const { when: _, container, overrides: section, ...variables } = rule
  const { host, port, database, user, password, tls } = rule
  const names = [host, port, database, user, password, tls].filter((name) => name !== undefined)
  const overrides =
    section === undefined ? undefined : overridesIn(scope.values, section, { names, password }, scope.release)
  return {
    ...variables,
    configMap: read.text('evidence.configMap', rule.configMap),
    deployment: read.text('evidence.container.deployment', container.deployment),
    container: container.name,
    ...(overrides === undefined ? {} : { overrides }),
  }
}

function loginOf(user: string, secret: string, key: string): DatabaseTarget['login'] {
  return secret === '' ? { user } : { user, password: { secret, key } }
}

function adminOf(rule: DatabaseRule, read: Reading): DatabaseTarget['admin'] {
  if (rule.admin === undefined) return undefined
  const user = read.text('admin.user', rule.admin.user)
  if (user === '') return undefined
  const [secret, key] = [rule.admin.passwordSecret, rule.admin.passwordKey]
  const login = loginOf(user, read.text('admin.passwordSecret', secret), read.text('admin.passwordKey', key))
  return { ...login, database: read.text('admin.database', rule.admin.database) }
}
