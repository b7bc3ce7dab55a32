// Finds what is wrong with a profile's CEL before any installation is looked at: syntax, unknown names, unknown functions.
import { celEnv, isCelError, parse, plan } from '@bufbuild/cel'
import { strings } from '@bufbuild/cel/ext'
import { isRecord } from '../json.ts'
import { toCel } from './cel.ts'
import { FUNCTIONS } from './functions.ts'
import type { Cel, DatabaseRule, Profile } from './profile.ts'

export interface Finding {
  /** For example `databases.ledger.host`. */
  field: string
  expression: Cel
  problem: string
}

const VARIABLES = new Set(['release', 'values', 'chart'])

/** Every CEL field of a profile by its path. */
export function celFieldsOf(profile: Profile): [field: string, expression: Cel][] {
  const own: [string, Cel][] = [['fullname', profile.fullname]]
  if (profile.package !== undefined) own.push(['package.version', profile.package.version])
  if (profile.runningVersion !== undefined) own.push(['runningVersion.configMap', profile.runningVersion.configMap])
  for (const { name, when } of profile.features ?? []) own.push([`features.${name}.when`, when])
  return [...own, ...profile.databases.flatMap(fieldsOfRule)]
}

function fieldsOfRule(rule: DatabaseRule): [string, Cel][] {
  const at = `databases.${rule.role}`
  const fields: [string, Cel][] = [
    [`${at}.when`, rule.when],
    [`${at}.host`, rule.host],
    [`${at}.port`, rule.port],
    [`${at}.database`, rule.database],
    [`${at}.user`, rule.user],
    [`${at}.passwordSecret`, rule.passwordSecret],
    [`${at}.passwordKey`, rule.passwordKey],
    [`${at}.tls`, rule.tls],
    [`${at}.expected`, rule.expected],
    [`${at}.migrator.deployment`, rule.migrator.deployment],
  ]
  for (const [key, expression] of Object.entries(rule.admin ?? {})) fields.push([`${at}.admin.${key}`, expression])
  for (const { configMap } of rule.evidence ?? []) fields.push([`${at}.evidence.configMap`, configMap])
  return fields
}

/** Names an expression uses that nothing binds; the variables of `map`, `exists` and the like are bound. */
function freeNames(node: unknown, bound: ReadonlySet<string>): string[] {
  if (Array.isArray(node)) return node.flatMap((item) => freeNames(item, bound))
  if (!isRecord(node)) return []
  if (node['case'] === 'identExpr' && isRecord(node['value'])) {
    const name = String(node['value']['name'])
    return bound.has(name) ? [] : [name]
  }
  if (node['case'] === 'comprehensionExpr' && isRecord(node['value'])) {
    const { accuVar, iterVar, iterVar2, ...rest } = node['value']
    return freeNames(Object.values(rest), new Set([...bound, ...[accuVar, iterVar, iterVar2].map(String)]))
  }
  return Object.values(node).flatMap((item) => freeNames(item, bound))
}

function problemOf(expression: Cel): string | undefined {
  const environment = celEnv({ funcs: [...strings, ...FUNCTIONS] })
  try {
    const parsed = parse(expression)
    const [name] = freeNames(parsed.expr, VARIABLES)
    if (name !== undefined) return `unknown name "${name}"`
    const empty = { release: toCel({}), values: toCel({}), chart: toCel({}) }
    const result = plan(environment, parsed)(empty)
    // Missing fields are what an empty installation is about; a function that does not exist never comes.
    if (isCelError(result) && result.message.includes('unbound function')) return result.message
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** Empty where the profile is sound. */
export function lintProfile(profile: Profile): Finding[] {
  const findings: Finding[] = []
  for (const [field, expression] of celFieldsOf(profile)) {
    const problem = problemOf(expression)
    if (problem !== undefined) findings.push({ field, expression, problem })
  }
  const roles = profile.databases.map((rule) => rule.role)
  for (const role of new Set(roles.filter((name, index) => roles.indexOf(name) !== index))) {
    findings.push({ field: `databases.${role}`, expression: '', problem: 'two rules for one role' })
  }
  return findings
}
