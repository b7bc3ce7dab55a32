// Every CEL expression of a profile: where it stands, what it must give, and what it may look at.
import type { Cel, DatabaseRule, Profile } from './profile.ts'

export type CelKind = 'text' | 'number' | 'bool'

export interface CelField {
  /** For example `databases.ledger.host`. */
  field: string
  expression: Cel
  gives: CelKind
  /** Names it may use. */
  sees: readonly string[]
}

const RELEASE = ['release', 'values', 'chart']
const TRAP = [...RELEASE, 'before', 'live']

export function celFieldsOf(profile: Profile): CelField[] {
  const { fullname, names = {}, runningVersion, features = [], databases, traps = [], support } = profile
  return [
    text('fullname', fullname),
    ...Object.entries(names).map(([name, expression]) => text(`names.${name}`, expression)),
    ...(profile.package === undefined ? [] : [text('package.version', profile.package.version)]),
    ...(runningVersion === undefined ? [] : [text('runningVersion.configMap', runningVersion.configMap)]),
    ...features.map(({ name, when }) => bool(`features.${name}.when`, when)),
    ...databases.flatMap(fieldsOfRule),
    ...traps.map(({ name, when }) => ({ ...bool(`traps.${name}.when`, when), sees: TRAP })),
    ...(support?.logs ?? []).map(({ deployment }, index) => text(`support.logs[${index}].deployment`, deployment)),
  ]
}

function fieldsOfRule(rule: DatabaseRule): CelField[] {
  const at = `databases.${rule.role}`
  const texts = ['host', 'database', 'user', 'passwordSecret', 'passwordKey', 'tls', 'expected'] as const
  return [
    bool(`${at}.when`, rule.when),
    ...texts.map((key) => text(`${at}.${key}`, rule[key])),
    { field: `${at}.port`, expression: rule.port, gives: 'number', sees: RELEASE },
    ...Object.entries(rule.admin ?? {}).map(([key, expression]) => text(`${at}.admin.${key}`, expression)),
    ...(rule.otherCredentials ?? []).map((expression, index) => text(`${at}.otherCredentials[${index}]`, expression)),
    ...(rule.evidence ?? []).flatMap(({ when, configMap, container }, index) => [
      ...(when === undefined ? [] : [bool(`${at}.evidence[${index}].when`, when)]),
      text(`${at}.evidence[${index}].configMap`, configMap),
      text(`${at}.evidence[${index}].container.deployment`, container.deployment),
    ]),
    text(`${at}.migrator.deployment`, rule.migrator.deployment),
  ]
}

function text(field: string, expression: Cel): CelField {
  return { field, expression, gives: 'text', sees: RELEASE }
}

function bool(field: string, expression: Cel): CelField {
  return { field, expression, gives: 'bool', sees: RELEASE }
}
