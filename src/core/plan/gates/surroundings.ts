// Gates about Helm and Kubernetes.
import type { PlanFacts } from '../facts.ts'
import type { GateAnswer } from '../plan.ts'
import { answersOf } from './gate.ts'

const OLDEST_HELM_3_MINOR = 14

export function helmUsable({ cheap }: PlanFacts): GateAnswer {
  const answers = answersOf('helm-usable', 'helm-unusable')
  const { helm, latest } = cheap
  if (!helm.known) {
    const refused = helm.code === 'helm-missing' || helm.code === 'helm-unusable'
    const remedy = 'Install Helm 4; 3.14 or newer works as well.'
    return refused ? answers.refuse(helm.why, remedy, helm.code) : answers.unknown(helm.why, remedy, helm.code)
  }
  const { version, major, minor } = helm.value
  if (major < 3 || (major === 3 && minor < OLDEST_HELM_3_MINOR)) {
    return answers.refuse(`Helm ${version} is too old`, 'Install Helm 4; 3.14 or newer works as well.')
  }
  // The record says server-side apply, which only Helm 4 does; Helm 3 would merge instead.
  if (major === 3 && latest.applyMethod === 'ssa') {
    return answers.warn(
      `the release was last written by Helm 4, this is Helm ${version}`,
      'Use Helm 4 for this release.',
    )
  }
  return answers.pass(`Helm ${version}`)
}

/** Never stops: what it is about lies where nobody can look from here. */
export function beyondTheCluster({ profile }: PlanFacts): GateAnswer {
  const answers = answersOf('beyond-the-cluster', 'gate-refused')
  const reminders = profile.reminders ?? []
  if (reminders.length === 0) return answers.pass('the profile knows of nothing to see to elsewhere')
  return answers.warn(reminders.join('; '), 'See to it before the upgrade; Pawl cannot look there.')
}

export function kubernetesVersion({ cheap, profile }: PlanFacts): GateAnswer {
  const answers = answersOf('kubernetes-version', 'gate-refused')
  const { kubernetes } = cheap
  if (!kubernetes.known) return answers.unknown(kubernetes.why, undefined, kubernetes.code)
  const { major, minor } = kubernetes.value
  const needs = profile.needs?.kubernetes
  const said = `Kubernetes ${major}.${minor}`
  if (needs === undefined || major > 1) return answers.pass(said)
  if (minor < needs.minor)
    return answers.refuse(`${said}; the product needs 1.${needs.minor} or newer`, 'Upgrade the cluster first.')
  if (minor < needs.warnMinor)
    return answers.warn(`${said} is soon too old for the product`, 'Plan the upgrade of the cluster.')
  return answers.pass(said)
}
