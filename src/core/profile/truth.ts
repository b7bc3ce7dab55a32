// What the running release is told of a database, held against what the values describe. Truth beats values, but only where a
// setting of the values explains the difference; any other difference stops.
import type { DatabaseTarget } from '../data/tasks.ts'
import { PawlError } from '../errors.ts'
import type { JsonRecord } from '../json.ts'
import { Secret } from '../secret.ts'
import type { ExpectedDatabase, ExpectedEvidence } from './databases.ts'
import { environmentOf, originTitle, plainOf } from './environment.ts'
import type { Environment, Origin, Sources, Variable } from './environment.ts'
import { describedContainer } from './overrides.ts'
import type { Overrides } from './overrides.ts'

/** A container of the running release, as its Deployment specifies it. */
export interface LiveContainer {
  deployment: string
  name: string
  spec: JsonRecord
}

/** One database as the running release uses it. */
export interface LiveDatabase {
  role: string
  /** Where the running release says it; absent where the profile knows no such place. */
  source?: string
  /** What counts: as the values describe it, with what the running release is told instead. */
  target: DatabaseTarget
  /** Settings that count instead of the plain values, in words. */
  overridden: string[]
  /** What does not fit together, in words; nothing that is secret is in it. */
  differences: string[]
  /** Why it cannot be told. */
  unknown?: string
}

const FIELDS = ['host', 'port', 'database', 'user', 'tls'] as const
type Field = (typeof FIELDS)[number]

/** Stands for the ConfigMap that the chart would make of the values. */
const OWN = ' chart'

export function liveDatabaseOf(
  expected: ExpectedDatabase,
  containers: readonly LiveContainer[],
  sources: Sources,
): LiveDatabase {
  const { target, evidence } = expected
  const found: LiveDatabase = { role: target.role, target, overridden: [], differences: [] }
  if (evidence === undefined) return found
  const told = containers.find(
    ({ deployment, name }) => deployment === evidence.deployment && name === evidence.container,
  )
  const place = `Deployment/${evidence.deployment}, container ${evidence.container}`
  if (told === undefined) return { ...found, unknown: `there is no ${place}, which would say where ${target.role} is` }
  const live = environmentOf(told.spec, sources)
  const described = describedEnvironment(expected, evidence, sources)
  const judged = FIELDS.map((field) => judge(field, { target, evidence, live, described, place }))
  const missing = judged.find(({ unknown }) => unknown !== undefined)
  if (missing?.unknown !== undefined) return { ...found, source: place, unknown: missing.unknown }
  const login = judgePassword({ target, evidence, live, described, place })
  const result: LiveDatabase = {
    role: target.role,
    source: place,
    target: judged.reduce((sum, { apply }) => apply?.(sum) ?? sum, login.apply?.(target) ?? target),
    overridden: [...judged, login].flatMap(({ overridden }) => overridden ?? []),
    differences: [...judged, login].flatMap(({ difference }) => difference ?? []),
    ...(login.unknown === undefined ? {} : { unknown: login.unknown }),
  }
  return withWitnesses(
    result,
    evidence,
    containers.filter((container) => container !== told),
    sources,
  )
}

/**
 * The target as the values describe it, overrides included, for a release that does not run yet. Throws `unknown-state`
 * where an override cannot be read.
 */
export function describedTarget(expected: ExpectedDatabase, sources: Sources): DatabaseTarget {
  const { target, evidence } = expected
  if (evidence?.overrides === undefined) return target
  const described = describedEnvironment(expected, evidence, sources)
  const place = `the values (${evidence.overrides.section})`
  const context = { target, evidence, live: described, described, place }
  const judged = [judgePassword(context), ...FIELDS.map((field) => judge(field, context))]
  const why = judged.find(({ unknown }) => unknown !== undefined)?.unknown
  if (why !== undefined) throw new PawlError({ code: 'unknown-state', message: why })
  return judged.reduce((sum, { apply }) => apply?.(sum) ?? sum, target)
}

function describedEnvironment(
  { target }: ExpectedDatabase,
  evidence: ExpectedEvidence,
  { configMaps, secrets }: Sources,
): Environment {
  const said = Object.fromEntries(
    FIELDS.flatMap((field) => {
      const name = evidence[field]
      return name === undefined ? [] : [[name, saidOf(target, field)] as const]
    }),
  )
  const { password } = target.login
  const login =
    evidence.password === undefined || password === undefined ? undefined : { name: evidence.password, ref: password }
  const container = describedContainer(evidence.overrides, OWN, login)
  return environmentOf(container, { configMaps: { ...configMaps, [OWN]: said }, secrets })
}

function saidOf(target: DatabaseTarget, field: Field): string {
  if (field === 'user') return target.login.user
  return field === 'port' ? String(target.port) : target[field]
}

interface Context {
  target: DatabaseTarget
  evidence: ExpectedEvidence
  live: Environment
  described: Environment
  place: string
}

interface Judgement {
  apply?: (target: DatabaseTarget) => DatabaseTarget
  overridden?: string
  difference?: string
  unknown?: string
}

function judge(field: Field, { target, evidence, live, described, place }: Context): Judgement {
  const name = evidence[field]
  if (name === undefined) return {}
  const what = `${target.role} ${field}`
  const [runs, wanted] = [live.get(name), described.get(name)]
  // Not every chart says it.
  if (field === 'tls' && runs === undefined) return {}
  const value = runs?.value === undefined ? undefined : asField(field, plainOf(runs.value))
  if (runs === undefined || value === undefined)
    return { unknown: `${place} does not say ${what} (${name})${runs?.why === undefined ? '' : `: ${runs.why}`}` }
  const said = saidOf(target, field)
  const setting = settingFor(wanted, evidence.overrides)
  const asked = wanted?.value === undefined ? undefined : asField(field, plainOf(wanted.value))
  // A template that only the chart can fill is named by the values all the same: what it came to is what runs.
  const filled = asked === undefined && setting !== undefined && runs.origin.kind === 'env'
  if (asked !== value && !filled) {
    const shown = asked === undefined ? 'nothing that can be read' : shownValue(wanted, asked)
    return {
      difference: `${what}: the values say ${shown}, ${inPlace(runs.origin, place)} says ${shownValue(runs, value)}`,
    }
  }
  if (value === said) return {}
  const { why } = fits(field, value)
  if (why !== undefined) return { unknown: `${what} is ${shownValue(runs, value)} by ${setting ?? place}: ${why}` }
  if (runs.value instanceof Secret) {
    const from = `${setting ?? place} takes ${what} from ${originTitle(runs.origin)}`
    return { unknown: `${from}, and it is not what the values say; Pawl does not take such a thing over from a Secret` }
  }
  return {
    overridden: `${what} is ${value} by ${setting ?? place} (the values alone say ${said})`,
    apply: (sum) => withField(sum, field, value),
  }
}

/** Can the value be used? What is said otherwise may be anything. */
function fits(field: Field, value: string): { why?: string } {
  if (value === '') return { why: 'it is empty' }
  if (field === 'port' && !/^[1-9]\d{0,4}$/.test(value)) return { why: 'it is no port' }
  if (field === 'tls' && value !== 'require' && value !== 'disable') return { why: 'it says neither yes nor no' }
  return {}
}

/** The words charts have for an encrypted connection are many; what is none of them stays as it is. */
function asField(field: Field, text: string): string {
  if (field !== 'tls') return text
  if (/^(true|1|require|verify-ca|verify-full)$/i.test(text)) return 'require'
  return /^(false|0|disable|)$/i.test(text) ? 'disable' : text
}

function withField(target: DatabaseTarget, field: Field, value: string): DatabaseTarget {
  switch (field) {
    case 'host':
    case 'database':
      return { ...target, [field]: value }
    case 'port':
      return { ...target, port: Number(value) }
    case 'tls':
      return { ...target, tls: value === 'require' ? 'require' : 'disable' }
    case 'user':
      return { ...target, login: { ...target.login, user: value } }
  }
}

/** The setting of the values a described variable comes from; `undefined` for the chart's own. */
function settingFor(variable: Variable | undefined, overrides: Overrides | undefined): string | undefined {
  if (variable === undefined || overrides === undefined) return undefined
  const { origin } = variable
  const { section, extraEnvVars } = overrides
  if (origin.kind === 'env') return extraEnvVars.length === 0 ? undefined : `${section}.extraEnvVars`
  const keys =
    origin.kind === 'ConfigMap'
      ? (['extraEnvVarsCM', 'existingConfigMap'] as const)
      : (['extraEnvVarsSecret', 'existingSecret'] as const)
  const key = keys.find((name) => overrides[name] === origin.name)
  if (key !== undefined) return `${section}.${key}`
  return extraEnvVars.length === 0 ? undefined : `${section}.extraEnvVars`
}

function judgePassword({ target, evidence, live, described, place }: Context): Judgement {
  const { password } = target.login
  // Without a password in the values there is none to compare: the product logs in some other way.
  if (evidence.password === undefined || password === undefined) return {}
  const what = `${target.role} password`
  const [runs, wanted] = [live.get(evidence.password), described.get(evidence.password)]
  if (runs === undefined) return { difference: `${what}: ${place} is given none` }
  if (isRef(runs.origin, password)) return {}
  const setting = settingFor(wanted, evidence.overrides)
  const { origin } = runs
  if (origin.kind !== 'Secret') {
    const why = `${what} is written down by ${setting ?? place}, not kept in a Secret that Pawl could refer to`
    return { unknown: why }
  }
  const ref = { secret: origin.name, key: origin.key }
  if (setting === undefined || wanted === undefined || !isRef(wanted.origin, ref)) {
    const [said, is] = [`${password.secret}/${password.key}`, `${ref.secret}/${ref.key}`]
    return { difference: `${what}: the values say Secret ${said}, ${place} takes ${is}` }
  }
  return {
    overridden: `${what} is in Secret ${ref.secret}, key ${ref.key}, by ${setting}`,
    apply: (sum) => ({ ...sum, login: { ...sum.login, password: ref } }),
  }
}

function isRef(origin: Origin, { secret, key }: { secret: string; key: string }): boolean {
  return origin.kind === 'Secret' && origin.name === secret && origin.key === key
}

/** Every other container that is told the same variables must be told the same database, or two are in use at once. */
function withWitnesses(
  found: LiveDatabase,
  evidence: ExpectedEvidence,
  others: readonly LiveContainer[],
  sources: Sources,
): LiveDatabase {
  const differences = others.flatMap(({ deployment, name, spec }) => {
    const environment = environmentOf(spec, sources)
    const place = `Deployment/${deployment}, container ${name}`
    return (['host', 'port', 'database'] as const).flatMap((field) => {
      const variable = environment.get(evidence[field])
      if (variable === undefined) return []
      const value = variable.value === undefined ? undefined : plainOf(variable.value)
      if (value === saidOf(found.target, field)) return []
      const shown = value === undefined ? `what cannot be told (${variable.why})` : shownValue(variable, value)
      return [`${found.role} ${field}: ${found.source} says ${saidOf(found.target, field)}, ${place} says ${shown}`]
    })
  })
  return { ...found, differences: [...found.differences, ...differences] }
}

function inPlace(origin: Origin, place: string): string {
  return origin.kind === 'env' ? place : `${originTitle(origin)} (${place})`
}

function shownValue(variable: Variable | undefined, value: string): string {
  return variable?.value instanceof Secret ? 'something else' : value
}
