// What is known to go wrong with a product's upgrades, as data: where it applies, how much it weighs, what to do about it.
import { isPawlError } from '../errors.ts'
import { evaluatorOver } from './cel.ts'
import type { CelScope } from './cel.ts'
import { atLeast } from './chart-version.ts'
import type { Cel } from './profile.ts'

/** `mandatory` refuses and has no flag, `acceptable` refuses until somebody accepts it by name, `warn` stops nothing. */
export type TrapWeight = 'mandatory' | 'acceptable' | 'warn'

export interface TrapRule {
  /** Part of the name of its answer, `trap-NAME`, which is what --accept takes. */
  name: string
  /** Charts it is about. Where several are given, all must hold; none: every upgrade. */
  charts?: {
    /** The installed chart is older than this one, the target is not. */
    crossing?: string
    /** The target is this chart or a later one. */
    from?: string
    /** The target is older than this chart. */
    before?: string
  }
  /**
   * CEL bool over `release`, `values` and `chart` of the target, `before.values` and `before.chart` of what is installed,
   * and `live`, what was seen in the cluster (see `LiveTraits`).
   */
  when: Cel
  weight: TrapWeight
  /** What will happen, in one sentence. */
  says: string
  remedy: string
}

/** What conditions of traps may know of the running release. A field that could not be read is missing, never a guess. */
export interface LiveTraits {
  /** By role: may the password stand in a URL as it is? The password itself is not known here. */
  passwordUrlSafe: Record<string, boolean>
}

export interface TrapScope extends CelScope {
  before: Pick<CelScope, 'values' | 'chart'>
  live: LiveTraits
}

export interface TrapFinding {
  name: string
  weight: TrapWeight
  says: string
  remedy: string
  /** Why it could not be told whether the trap is there; absent where it is. */
  unknown?: string
}

export interface TrapReport {
  /** How many traps were looked for. */
  looked: number
  findings: TrapFinding[]
}

/** Total: a trap that cannot be decided is a finding that says so. */
export function findTraps(profile: { name: string; traps?: TrapRule[] }, scope: TrapScope): TrapReport {
  const rules = profile.traps ?? []
  const evaluator = evaluatorOver(profile.name, { ...scope })
  const findings = rules.flatMap((rule): TrapFinding[] => {
    const { name, weight, says, remedy } = rule
    try {
      const there = concerns(rule, scope) && evaluator.flag(`traps.${name}.when`, rule.when)
      return there ? [{ name, weight, says, remedy }] : []
    } catch (error) {
      if (!isPawlError(error, 'unknown-state')) throw error
      return [{ name, weight, says, remedy, unknown: error.message }]
    }
  })
  return { looked: rules.length, findings }
}

function concerns({ charts = {} }: TrapRule, { chart, before }: TrapScope): boolean {
  const { crossing, from, before: until } = charts
  if (crossing !== undefined && (atLeast(before.chart.version, crossing) || !atLeast(chart.version, crossing)))
    return false
  if (from !== undefined && !atLeast(chart.version, from)) return false
  return until === undefined || !atLeast(chart.version, until)
}
