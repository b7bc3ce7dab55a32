// The shape all gates have: facts in, one answer out. No gate looks at anything itself.
import type { ErrorCode } from '../../errors.ts'
import type { PlanFacts, Stage } from '../facts.ts'
import type { GateAnswer } from '../plan.ts'

export interface Gate {
  name: string
  /** The first stage whose facts it needs. */
  stage: Stage
  /** True where there is nothing to ask about before the target is known. */
  needsTarget?: true
  answer(facts: PlanFacts): GateAnswer
}

interface Answers {
  pass(evidence: string): GateAnswer
  /** Worth reading, stops nothing. */
  warn(evidence: string, remedy: string): GateAnswer
  refuse(evidence: string, remedy: string, code?: ErrorCode): GateAnswer
  /** Stops like a refusal (invariant I11); `code` where the failure to find out has its own. */
  unknown(why: string, remedy?: string, code?: ErrorCode): GateAnswer
}

export function formatMegabytes(bytes: number): string {
  return `${Math.round(bytes / 1_000_000).toLocaleString('en')} MB`
}

const FIND_OUT = 'Find out what is named here, then plan again; Pawl does not go on from a guess.'

/** The answers one gate can give. Mandatory unless told: `acceptable` refusals may be accepted by name. */
export function answersOf(gate: string, code: ErrorCode, weight: 'mandatory' | 'acceptable' = 'mandatory'): Answers {
  const mandatory = weight === 'mandatory'
  return {
    pass: (evidence) => ({ gate, answer: 'pass', mandatory, code, evidence }),
    warn: (evidence, remedy) => ({ gate, answer: 'warn', mandatory, code, evidence, remedy }),
    refuse: (evidence, remedy, other = code) => ({ gate, answer: 'refuse', mandatory, code: other, evidence, remedy }),
    unknown: (why, remedy = FIND_OUT, other = 'unknown-state') => ({
      gate,
      answer: 'unknown',
      mandatory: true,
      code: other,
      evidence: why,
      remedy,
    }),
  }
}
