// Gates about what is installed and who else is at work on it.
import type { PlanFacts } from '../facts.ts'
import type { GateAnswer } from '../plan.ts'
import type { Manager } from '../../status/managers.ts'
import { answersOf } from './gate.ts'

/** Helm's record, the pods and the release's own ConfigMap must tell one story. */
export function installedKnown({ cheap }: PlanFacts): GateAnswer {
  const answers = answersOf('installed-known', 'unknown-state')
  const { installed, latest, runningVersion, strays } = cheap
  const remedy =
    'Find out what runs: "pawl status". An upgrade that stopped half-way is gone on with or recovered, not upgraded over.'
  if (!installed.known) return answers.unknown(installed.why, remedy)
  const { chart, revision } = installed.value
  if (!strays.known) return answers.unknown(strays.why)
  const [stray] = strays.value
  if (stray !== undefined) {
    const more = strays.value.length > 1 ? ` (and ${strays.value.length - 1} more)` : ''
    return answers.refuse(`revision ${revision} is ${chart.appVersion}, yet ${stray}${more}`, remedy)
  }
  if (runningVersion !== undefined) {
    if (!runningVersion.known) return answers.unknown(runningVersion.why)
    if (runningVersion.value !== chart.appVersion) {
      return answers.refuse(
        `Helm's record says ${chart.appVersion}, the running release says ${runningVersion.value}`,
        remedy,
      )
    }
  }
  const said = `${chart.appVersion} (chart ${chart.version}, revision ${revision}): record and pods agree`
  if (latest.revision === revision) return answers.pass(said)
  return answers.warn(
    `${said}; the newest revision, ${latest.revision}, is ${latest.status} and changed nothing`,
    'Look at why it failed.',
  )
}

const AT_WORK = /^(pending-|uninstall)/

export function noPendingOperation({ cheap }: PlanFacts): GateAnswer {
  const answers = answersOf('no-pending-operation', 'release-pending')
  const { latest, activeHooks } = cheap
  const remedy =
    'Wait until it is over. Where its client was killed: "pawl unlock" makes sure that nobody is at work and frees the release. Do not go back through Helm\'s history for it: that would run an old release on whatever schema there is.'
  if (AT_WORK.test(latest.status)) return answers.refuse(`Helm revision ${latest.revision} is ${latest.status}`, remedy)
  if (!activeHooks.known) return answers.unknown(activeHooks.why)
  // Helm deletes a hook's Job when it starts the next one, even where it still works.
  if (activeHooks.value.length > 0)
    return answers.refuse(`hook Job ${activeHooks.value.join(', ')} is still at work`, remedy)
  return answers.pass(`revision ${latest.revision} is ${latest.status}, no hook is at work`)
}

export function noUnfinishedRun({ cheap }: PlanFacts): GateAnswer {
  const answers = answersOf('no-unfinished-run', 'run-unfinished')
  const { unfinishedRuns } = cheap
  if (!unfinishedRuns.known) return answers.unknown(unfinishedRuns.why)
  const [run] = unfinishedRuns.value
  if (run === undefined) return answers.pass('no other run of this release is unfinished')
  return answers.refuse(
    `run ${run} has not come to an end`,
    'Go on with it ("pawl runs resume") or end it ("pawl runs abort").',
  )
}

const INSTEAD: Record<Manager['tool'], (owner: string) => string> = {
  KOTS: () =>
    'Upgrade it where it is managed, in the Admin Console; what Pawl installs, the next deploy from there undoes. "pawl backup create" works here as well: take a proven backup first.',
  Flux: (owner) => {
    const [namespace = '', name = ''] = owner.split('/')
    return `Stop Flux first: "flux suspend helmrelease ${name} -n ${namespace}" (and in Git, or its Kustomization lets it go on), then plan again. Let Git name the new version before you resume.`
  },
  'Argo CD': (owner) =>
    `Argo CD keeps applying what Git says, whatever Helm does: change the version there, after "pawl backup create". To hand the release over to Helm, delete Application ${owner} without its objects (--cascade=false) and take its marks off the workloads.`,
}

/** Two hands on one release undo each other: what one has installed the other takes back, on a schema that is not its own. */
export function notManagedElsewhere({ cheap }: PlanFacts): GateAnswer {
  const { managers } = cheap
  if (!managers.known) return answersOf('not-managed-elsewhere', 'gate-refused').unknown(managers.why)
  const told = managers.value.map(({ tool, evidence }) => `${tool}: ${evidence}`).join('; ')
  const remedy = managers.value.map(({ tool, owner }) => INSTEAD[tool](owner)).join(' ')
  const states = new Set(managers.value.map(({ state }) => state))
  const mandatory = answersOf('not-managed-elsewhere', 'gate-refused')
  if (states.has('active')) return mandatory.refuse(told, remedy)
  // Left behind, or managed from another cluster: only a person can tell.
  if (states.has('absent')) return answersOf('not-managed-elsewhere', 'gate-refused', 'acceptable').refuse(told, remedy)
  if (states.has('suspended'))
    return mandatory.warn(told, 'Leave it suspended until the upgrade is done and Git names the new version.')
  return mandatory.pass('no sign of KOTS, Flux or Argo CD')
}
