// Gates about what a profile knows to go wrong: one answer says what was looked for, each trap that is there has its own.
import type { TrapFinding } from '../../profile/traps.ts'
import type { PlanFacts } from '../facts.ts'
import type { GateAnswer } from '../plan.ts'
import { answersOf } from './gate.ts'

export function knownTraps({ cheap: { traps } }: PlanFacts): GateAnswer {
  const answers = answersOf('known-traps', 'gate-refused')
  if (!traps.known) return answers.unknown(traps.why)
  const { looked, findings } = traps.value
  if (looked === 0) return answers.pass('the profile knows none')
  const names = findings.map(({ name }) => `trap-${name}`)
  return answers.pass(`${looked} looked for; ${names.length === 0 ? 'none is here' : `see ${names.join(', ')}`}`)
}

/** One answer for each trap that is there or cannot be told, so that each is accepted by its own name. */
export function trapAnswers({ cheap: { target, traps } }: PlanFacts): GateAnswer[] {
  return target.known && traps.known ? traps.value.findings.map(answerTo) : []
}

function answerTo({ name, weight, says, remedy, unknown }: TrapFinding): GateAnswer {
  const answers = answersOf(`trap-${name}`, 'gate-refused', weight === 'mandatory' ? 'mandatory' : 'acceptable')
  if (weight === 'warn') return answers.warn(unknown === undefined ? says : `${says} (not certain: ${unknown})`, remedy)
  return unknown === undefined ? answers.refuse(says, remedy) : answers.unknown(unknown)
}
