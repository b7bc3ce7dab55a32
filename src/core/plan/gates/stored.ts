// Gates about what the API server would make of the target: asked with dry-run writes, before anything is touched.
import type { Refusal } from '../../rendered/refusal.ts'
import { isHandedBack } from '../../rendered/refusal.ts'
import type { PlanFacts } from '../facts.ts'
import type { GateAnswer } from '../plan.ts'
import { answersOf } from './gate.ts'
import { notRendered, renderedOf } from './rendered.ts'

const REMEDIES: Record<Refusal['kind'], string> = {
  immutable:
    'Ask the vendor how this release is reached: such an object must be deleted and made anew, which an upgrade does not do. Or set the values so that it stays as it is.',
  owned:
    'Let the other manager give the field up, or set in the values what it set. Helm would stop half-way here, with other objects already written.',
  policy: 'Change the values so that the policy is content, or have whoever keeps the policy make an exception.',
  rights: 'Upgrade as somebody who has the right, or have it granted: Helm acts with the same rights as Pawl.',
  invalid: 'Correct the values that lead to it; a kind that is missing is installed by whoever runs the cluster.',
}

const MOST_SHOWN = 4

export function clusterAccepts(facts: PlanFacts): GateAnswer {
  const answers = answersOf('cluster-accepts', 'gate-refused')
  const rendered = renderedOf(facts)
  if (rendered === undefined) return answers.unknown(notRendered(facts).why)
  const { refused, unverified } = rendered
  const stops = refused.filter((refusal) => !isHandedBack(refusal))
  if (stops.length > 0) {
    const kinds = new Set(stops.map(({ kind }) => kind))
    return answers.refuse(
      `the cluster would refuse ${listed(stops.map(({ object, why }) => `${object} (${why})`))}`,
      [...kinds].map((kind) => REMEDIES[kind]).join(' '),
    )
  }
  const given = refused.map(({ object, owners }) => `${object} (scaled by ${owners.join(', ')})`)
  const note = given.length === 0 ? '' : `; Pawl hands the number of replicas to Helm and back: ${listed(given)}`
  if (unverified.length > 0)
    return answers.warn(
      `the cluster does not say whether it would take ${listed(unverified)}${note}`,
      'Read these objects in the diff; the rest was tried.',
    )
  return answers.pass(`the cluster would take every object of the target${note}`)
}

/** Helm creates such a hook without looking, and gives the upgrade up at "already exists". */
export function noHookLeftovers(facts: PlanFacts): GateAnswer {
  const answers = answersOf('no-hook-leftovers', 'gate-refused')
  const rendered = renderedOf(facts)
  if (rendered === undefined) return answers.unknown(notRendered(facts).why)
  const { hookLeftovers } = rendered
  if (hookLeftovers.length === 0) return answers.pass('nothing of earlier hooks stands in the way')
  return answers.refuse(
    `left by an earlier hook, and not replaced by Helm: ${listed(hookLeftovers)}`,
    'Read its log, then delete it.',
  )
}

/** A password that is drawn anew at each rendering locks the product out of what was set up with the old one. */
export function randomValues(facts: PlanFacts): GateAnswer {
  const answers = answersOf('random-values', 'gate-refused', 'acceptable')
  const rendered = renderedOf(facts)
  if (rendered === undefined) return answers.unknown(notRendered(facts).why)
  const secrets = rendered.volatile.filter(({ object }) => object.startsWith('Secret/'))
  const drawn = secrets.filter(({ certificate }) => !certificate)
  const signed = secrets.filter(({ certificate }) => certificate).map(({ object }) => object)
  const note = `a new self-signed certificate at every upgrade: ${listed(signed)}`
  if (drawn.length > 0) {
    const named = drawn.map(({ object, fields }) => `${object} (${fields.join(', ')})`)
    return answers.refuse(
      `the chart draws these anew each time: ${listed(named)}${signed.length === 0 ? '' : `; ${note}`}`,
      'Give the value that is in use, or the name of an existing Secret, in the values.',
    )
  }
  return answers.pass(signed.length === 0 ? 'the chart draws no secret anew' : note)
}

/** A part that stays behind on an old image works on a schema that is not its own; an old migrator migrates nothing. */
export function noPinnedImages(facts: PlanFacts): GateAnswer {
  const answers = answersOf('no-pinned-images', 'gate-refused', 'acceptable')
  const rendered = renderedOf(facts)
  if (rendered === undefined) return answers.unknown(notRendered(facts).why)
  const { images, values } = rendered.pinned
  const said = values.length === 0 ? '' : ` (set by ${listed(values)})`
  if (images.length > 0)
    return answers.refuse(
      `of another version than the target: ${listed(images)}${said}`,
      'Take the tag out of your values, unless the vendor gave it to you for this very release.',
    )
  if (values.length > 0)
    return answers.warn(
      `your values name images: ${listed(values)}`,
      'See that they are meant for the target: they stay as they are, whatever the release brings.',
    )
  return answers.pass('every image of the product is of the target release')
}

function listed(items: readonly string[]): string {
  const more = items.length - MOST_SHOWN
  return `${items.slice(0, MOST_SHOWN).join('; ')}${more > 0 ? ` and ${more} more` : ''}`
}
