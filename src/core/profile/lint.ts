// Finds what is wrong with a profile before any installation is looked at: CEL that cannot work, names given twice.
import { parse } from '@bufbuild/cel'
import { isRecord, listOf } from '../json.ts'
import type { JsonRecord } from '../json.ts'
import { readVersion } from '../versions/version.ts'
import { CEL_ENVIRONMENT } from './cel.ts'
import { celFieldsOf } from './cel-fields.ts'
import type { CelField } from './cel-fields.ts'
import { givenBy } from './cel-types.ts'
import type { Profile } from './profile.ts'

export interface Finding {
  /** For example `databases.ledger.host`. */
  field: string
  problem: string
  /** The expression that is wrong, where one is. */
  expression?: string
}

/** CEL's own names: types, which `type(x) == string` compares with. */
const TYPES = ['bool', 'bytes', 'double', 'int', 'list', 'map', 'null_type', 'string', 'type', 'uint']

/** What a file holds: a profile where its form is right, and everything that is wrong with it. */
export interface ReadProfile {
  profile?: Profile
  findings: Finding[]
}

/** Empty where the profile is sound. */
export function lintProfile(profile: Profile): Finding[] {
  return [...celFieldsOf(profile).flatMap(findingsOf), ...givenTwice(profile), ...unreadableVersions(profile)]
}

function findingsOf({ field, expression, gives, sees }: CelField): Finding[] {
  let parsed
  try {
    parsed = parse(expression)
  } catch (error) {
    const [problem = ''] = (error instanceof Error ? error.message : String(error)).split('\n')
    return [{ field, expression, problem: `this is no CEL: ${problem}` }]
  }
  const problems: string[] = []
  const unknown = new Set(freeNames(parsed.expr, new Set([...sees, ...TYPES])))
  for (const name of unknown) problems.push(`unknown name "${name}"; known are ${sees.join(', ')}`)
  problems.push(...new Set(callsIn(parsed.expr).flatMap(callProblem)))
  const wrong = givenBy(parsed.expr).filter((given) => given !== 'any' && given !== gives)
  for (const given of new Set(wrong))
    problems.push(`it must give a ${gives}, and may give ${given === 'other' ? 'something else' : `a ${given}`}`)
  return problems.map((problem) => ({ field, expression, problem }))
}

/** A call that fits no form of its function never will; operators are the language's own. */
function callProblem(call: JsonRecord): string[] {
  const name = String(call['function'])
  if (!/^[A-Za-z]/.test(name)) return []
  const forms = [...(CEL_ENVIRONMENT.funcs.find(name) ?? [])]
  if (forms.length === 0) return [`unknown function "${name}"`]
  const [args, method] = [listOf(call['args']).length, call['target'] !== undefined]
  const fits = forms.some((form) => form.arguments.length === args && (form.target !== undefined) === method)
  return fits
    ? []
    : [`"${name}" is not called with ${args} argument${args === 1 ? '' : 's'}${method ? ' on a value' : ''}`]
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

function callsIn(node: unknown): JsonRecord[] {
  if (Array.isArray(node)) return node.flatMap(callsIn)
  if (!isRecord(node)) return []
  const own = node['case'] === 'callExpr' && isRecord(node['value']) ? [node['value']] : []
  return [...own, ...Object.values(node).flatMap(callsIn)]
}

function givenTwice({ databases, traps = [] }: Profile): Finding[] {
  const twice = (names: string[]): Set<string> => new Set(names.filter((name, index) => names.indexOf(name) !== index))
  return [
    ...[...twice(databases.map(({ role }) => role))].map((role) => ({
      field: `databases.${role}`,
      problem: 'two rules for one role',
    })),
    ...[...twice(traps.map(({ name }) => name))].map((name) => ({
      field: `traps.${name}`,
      problem: 'two traps of one name',
    })),
  ]
}

function unreadableVersions({ traps = [] }: Profile): Finding[] {
  return traps.flatMap(({ name, charts = {} }) =>
    Object.entries(charts)
      .filter(([, version]) => readVersion(version, 'semver') === undefined)
      .map(([key, version]) => ({ field: `traps.${name}.charts.${key}`, problem: `"${version}" is no chart version` })),
  )
}
