// Gates about what the target would put into the cluster.
import type { PlanFacts, RenderedFacts } from '../facts.ts'
import type { GateAnswer } from '../plan.ts'
import { answersOf } from './gate.ts'

export function notRendered(facts: PlanFacts): { why: string; code?: 'input-invalid' | 'unknown-state' } {
  const { rendered } = facts
  if (rendered === undefined || rendered.known) return { why: 'the target was not rendered' }
  return rendered.code === 'input-invalid' ? { why: rendered.why, code: 'input-invalid' } : { why: rendered.why }
}

export function renderedOf(facts: PlanFacts): RenderedFacts | undefined {
  return facts.rendered?.known === true ? facts.rendered.value : undefined
}

/** The chart's own checks (schema, required values) are part of rendering. */
export function targetRenders(facts: PlanFacts): GateAnswer {
  const answers = answersOf('target-renders', 'input-invalid')
  const rendered = renderedOf(facts)
  if (rendered === undefined) {
    const { why, code } = notRendered(facts)
    return code === undefined ? answers.unknown(why) : answers.refuse(why, 'Correct the values that the chart names.')
  }
  const counts = { add: 0, change: 0, remove: 0 }
  for (const { change } of rendered.changes) counts[change] += 1
  return answers.pass(`${counts.add} objects are added, ${counts.change} change, ${counts.remove} are removed`)
}

export function storageUnchanged(facts: PlanFacts): GateAnswer {
  const answers = answersOf('storage-unchanged', 'gate-refused')
  const rendered = renderedOf(facts)
  if (rendered === undefined) return answers.unknown(notRendered(facts).why)
  if (rendered.storage.length === 0) return answers.pass('no claim and no StatefulSet goes or gets other volumes')
  return answers.refuse(
    rendered.storage.join('; '),
    'Set the values so that the storage stays, or move the data with the vendor first.',
  )
}

/** Pawl runs the migrations alone, in the very container that the target brings for them. */
export function migratorFound(facts: PlanFacts): GateAnswer {
  const answers = answersOf('migrator-found', 'unknown-state')
  const rendered = renderedOf(facts)
  if (rendered === undefined) return answers.unknown(notRendered(facts).why)
  const { databases, databasesAfter } = facts.cheap
  if (!databases.known || !databasesAfter.known) return answers.unknown('which databases there are is not known')
  const found: string[] = []
  for (const { target, migrator } of databasesAfter.value) {
    const containers = rendered.initContainers[migrator.deployment]
    if (containers === undefined)
      return answers.refuse(
        `the target has no Deployment ${migrator.deployment}, which migrates ${target.role}`,
        PROFILE,
      )
    if (migrator.kind === 'init-container' && !containers.includes(migrator.container)) {
      const has = containers.length === 0 ? 'none' : containers.join(', ')
      return answers.refuse(
        `${migrator.deployment} has no init container ${migrator.container} for ${target.role}; it has ${has}`,
        PROFILE,
      )
    }
    found.push(
      migrator.kind === 'init-container'
        ? `${target.role}: ${migrator.container} of ${migrator.deployment}`
        : `${target.role}: ${migrator.deployment} at its start`,
    )
  }
  return answers.pass(found.join('; '))
}

const PROFILE = 'The profile does not fit this release: look for a newer Pawl, or ask its makers.'

/** Never refuses: what ran before the upgrade runs after it, whoever chose the number. */
export function replicasOwner({ cheap }: PlanFacts): GateAnswer {
  const answers = answersOf('replicas-owner', 'gate-refused', 'acceptable')
  const { deployments } = cheap
  if (!deployments.known)
    return answers.warn(deployments.why, 'Numbers of replicas that somebody set by hand may be lost.')
  const byHand = deployments.value.filter(
    ({ scaledBy, autoscaler }) => scaledBy !== undefined && autoscaler === undefined,
  )
  const scaled = deployments.value.filter(({ autoscaler }) => autoscaler !== undefined)
  const auto = scaled.map(({ name, autoscaler }) => `${name} belongs to autoscaler ${autoscaler}`)
  if (byHand.length === 0) return answers.pass(['nobody but Helm chose a number of replicas', ...auto].join('; '))
  const hand = byHand.map(({ name, replicas, scaledBy }) => `${name} was scaled to ${replicas} by ${scaledBy}`)
  const remedy =
    'Pawl hands the number to Helm and gives it back afterwards; to keep it for good, set it in the values.'
  return answers.warn([...hand, ...auto].join('; '), remedy)
}

/** Quiescing stops Deployments only. */
export function writersKnown({ cheap }: PlanFacts): GateAnswer {
  const answers = answersOf('writers-known', 'gate-refused', 'acceptable')
  const { writers, otherWriters } = cheap
  if (!writers.known) return answers.unknown(writers.why)
  if (!otherWriters.known) return answers.unknown(otherWriters.why)
  if (otherWriters.value.length > 0) {
    const remedy = 'Stop them for the time of the upgrade; what they write after the backup stops the run.'
    return answers.refuse(
      `these hold database credentials and are no Deployments: ${otherWriters.value.join(', ')}`,
      remedy,
    )
  }
  if (writers.value.length === 0)
    return answers.unknown('no Deployment holds credentials of a database: who writes is not known')
  return answers.pass(
    `may write: ${writers.value.map(({ deployment, replicas }) => `${deployment} (${replicas})`).join(', ')}`,
  )
}

/** Before the migrations ran nothing of the target may write. Quiescing knows what runs now; this is about what the target brings. */
export function targetStaysStopped(facts: PlanFacts): GateAnswer {
  const mandatory = answersOf('target-stays-stopped', 'gate-refused')
  const rendered = renderedOf(facts)
  if (rendered === undefined) return mandatory.unknown(notRendered(facts).why)
  if (!rendered.startedWhileStaged.known) return mandatory.unknown(rendered.startedWhileStaged.why)
  const { deployments, others } = rendered.startedWhileStaged.value
  if (deployments.length > 0)
    return mandatory.refuse(`may write and would start before the migrations: ${deployments.join(', ')}`, PROFILE)
  if (others.length > 0) {
    const acceptable = answersOf('target-stays-stopped', 'gate-refused', 'acceptable')
    return acceptable.refuse(
      `new in the target, may write and are no Deployments: ${others.join(', ')}`,
      'Set values that keep them from starting, and set them back after the upgrade.',
    )
  }
  return mandatory.pass('nothing of the target that may write starts before its migrations')
}
