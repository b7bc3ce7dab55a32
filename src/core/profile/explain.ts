// Why a profile says what it says of one installation: every expression with the value it gave, and the traps that are there.
import { isPawlError } from '../errors.ts'
import { evaluatorFor } from './cel.ts'
import type { CelScope, Evaluator } from './cel.ts'
import { celFieldsOf } from './cel-fields.ts'
import type { CelField } from './cel-fields.ts'
import type { Profile } from './profile.ts'
import { findTraps } from './traps.ts'
import type { TrapReport, TrapScope } from './traps.ts'
import type { LiveDatabase } from './truth.ts'

export interface ExplainedField {
  field: string
  expression: string
  /** Absent where it cannot be told. */
  value?: string | number | boolean
  /** Why it cannot be told. */
  unknown?: string
}

export interface Explanation {
  profile: string
  release: string
  namespace: string
  chart: string
  /** Fields of the product itself: names, versions, features. */
  product: ExplainedField[]
  databases: {
    role: string
    /** What decides whether there is one; its value is `false` where there is none. */
    when: ExplainedField
    /** Empty where there is none. */
    fields: ExplainedField[]
  }[]
  traps: TrapReport
}

/** With what was found out besides. */
export interface Explained extends Explanation {
  /** What the running release is told; absent where the cluster was not asked. */
  live?: LiveDatabase[]
  /** What the answer leaves out, in words. */
  notes: string[]
}

/** Total: what cannot be told is said so, field by field. `scope` is that of the target; of what is installed where they are the same. */
export function explain(profile: Profile, scope: TrapScope): Explanation {
  const evaluator = evaluatorFor(profile.name, scope)
  const fields = celFieldsOf(profile).filter(({ field }) => !field.startsWith('traps.'))
  const explained = (wanted: (field: string) => boolean): ExplainedField[] =>
    fields.filter(({ field }) => wanted(field)).map((field) => explainField(evaluator, field))
  return {
    profile: profile.name,
    ...placeOf(scope),
    product: explained((field) => !field.startsWith('databases.')),
    databases: profile.databases.map(({ role }) => {
      const at = `databases.${role}.`
      const [when] = explained((field) => field === `${at}when`)
      const used = when?.value !== false
      return {
        role,
        when: when ?? { field: `${at}when`, expression: '', unknown: 'the profile does not say' },
        fields: used ? explained((field) => field.startsWith(at) && field !== `${at}when`) : [],
      }
    }),
    traps: findTraps(profile, scope),
  }
}

function placeOf({ release, chart }: CelScope): Pick<Explanation, 'release' | 'namespace' | 'chart'> {
  return { release: release.name, namespace: release.namespace, chart: `${chart.name} ${chart.version}` }
}

function explainField(evaluator: Evaluator, { field, expression, gives }: CelField): ExplainedField {
  const ask = { text: evaluator.text, number: evaluator.integer, bool: evaluator.flag }[gives]
  try {
    return { field, expression, value: ask(field, expression) }
  } catch (error) {
    if (!isPawlError(error, 'unknown-state')) throw error
    return { field, expression, unknown: error.message }
  }
}
