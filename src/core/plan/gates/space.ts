// Gate: a backup that will not fit is refused before it is begun.
import { estimateSpace } from '../../backup/space.ts'
import type { PlanFacts } from '../facts.ts'
import type { GateAnswer } from '../plan.ts'
import { answersOf, formatMegabytes } from './gate.ts'

/** Where nothing tells how well a database compresses: it may be smaller than its size, but not by much more than this. */
const LEAST_SHARE = 0.25
const REMEDY =
  'Make room in the store ("pawl backup prune" says what may go), or name another one with "pawl init --store".'

export function storeSpace(facts: PlanFacts): GateAnswer {
  const answers = answersOf('store-space', 'store-full')
  const { store, observations, earlier } = facts.observed ?? {}
  if (store === undefined || observations === undefined) return answers.unknown('the store was not looked at')
  if (!store.known) return answers.unknown(store.why, undefined, store.code)
  if (!observations.known) return answers.unknown(observations.why, undefined, observations.code)
  const { freeBytes } = store.value
  const { bytes, guessed } = estimateSpace(observations.value, earlier?.known === true ? earlier.value : [])
  const needs = `a backup needs about ${formatMegabytes(bytes)}`
  if (freeBytes === undefined) {
    const how = '"pawl init --store-quota" tells what it may hold'
    return answers.pass(`${needs}; how much room the store has is not known (${how})`)
  }
  const basis = guessed.length === 0 ? 'by earlier sets' : `${guessed.join(', ')} counted in full`
  const said = `${needs} (${basis}), the store has ${formatMegabytes(freeBytes)} free`
  if (freeBytes >= bytes) return answers.pass(said)
  if (guessed.length > 0 && freeBytes >= bytes * LEAST_SHARE)
    return answers.warn(said, 'A backup is usually smaller; make room to be sure.')
  return answers.refuse(said, REMEDY)
}
