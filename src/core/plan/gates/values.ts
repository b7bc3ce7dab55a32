// Gates about values that must not change.
import type { PlanFacts } from '../facts.ts'
import type { GateAnswer } from '../plan.ts'
import { answersOf } from './gate.ts'

/** Keys that decrypt what the databases hold, and who the installation is: their values are compared, never shown. */
export function immutableValuesUnchanged({ cheap, profile }: PlanFacts): GateAnswer {
  const answers = answersOf('immutable-values-unchanged', 'gate-refused')
  const { changedImmutables } = cheap
  if (!changedImmutables.known) return answers.unknown(changedImmutables.why)
  if (changedImmutables.value.length > 0) {
    const remedy = 'Use the package and values of this installation: with another key its data cannot be read any more.'
    return answers.refuse(`changed: ${changedImmutables.value.join(', ')}`, remedy)
  }
  return answers.pass(`unchanged: ${profile.immutableValues.join(', ') || 'nothing is listed'}`)
}
