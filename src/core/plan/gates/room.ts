// Gates about whether what the target brings can come up here: room for its pods, and its images.
import { amountText } from '../capacity.ts'
import type { PlanFacts } from '../facts.ts'
import type { GateAnswer } from '../plan.ts'
import { answersOf } from './gate.ts'
import { notRendered, renderedOf } from './rendered.ts'

/** Acceptable: clusters that grow by themselves have room they do not show. */
export function capacityEnough(facts: PlanFacts): GateAnswer {
  const answers = answersOf('capacity', 'gate-refused', 'acceptable')
  const rendered = renderedOf(facts)
  if (rendered === undefined) return answers.unknown(notRendered(facts).why)
  const { capacity } = rendered
  // Somebody who may only see one namespace could never upgrade otherwise.
  if (!capacity.known)
    return answers.warn(
      `how much room the nodes have is not known: ${capacity.why}`,
      'Ask whoever runs the cluster; a pod without room shows as Pending after the point of no return.',
    )
  const { needs, free, nodes, homeless, forbidden } = capacity.value
  const said = `the target's ${needs.pods} pods ask for ${amountText(needs)}; ${nodes} node${nodes === 1 ? ' has' : 's have'} ${amountText(free)} left without what runs now`
  const wrong = [...forbidden, ...homeless.map((one) => `no node has room for ${one}`)]
  if (wrong.length === 0) return answers.pass(said)
  return answers.refuse(
    `${wrong.join('; ')} (${said})`,
    'Make room, or lower the requests in the values. Where the cluster adds nodes by itself, accept this.',
  )
}

/** Acceptable: an image that one node cannot pull now may be put there by hand. */
export function imagesPullable({ observed }: PlanFacts): GateAnswer {
  const answers = answersOf('images-pullable', 'gate-refused', 'acceptable')
  const pulls = observed?.pulls
  if (pulls === undefined) return answers.unknown('no node was asked for the images')
  if (!pulls.known)
    return answers.refuse(
      `no node could be asked for the images: ${pulls.why}`,
      'Check that a pod may run in the namespace, then plan again.',
    )
  const { there, pulled, failed, waiting, nodes } = pulls.value
  const asked = nodes.length === 0 ? '' : ` by ${nodes.join(', ')}`
  if (failed.length > 0)
    return answers.refuse(
      `cannot be pulled${asked}: ${failed.map(({ image, why }) => `${image} (${why})`).join('; ')}`,
      'Put the image where the values say it is, or correct registry and pull secret. The upgrade would stop half-way at it.',
    )
  if (waiting.length > 0)
    return answers.refuse(
      `not pulled yet when the time was over: ${waiting.join(', ')}`,
      'Plan again: what is being pulled goes on meanwhile. Where no node took the pod, see to the room first.',
    )
  return answers.pass(
    `${there + pulled} images: ${[...(there > 0 ? [`${there} on every node`] : []), ...(pulled > 0 ? [`${pulled} pulled${asked}`] : [])].join(', ')}`,
  )
}
