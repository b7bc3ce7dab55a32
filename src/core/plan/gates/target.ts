// Gates about the release that was asked for.
import { countingText, isCandidate } from '../../releases/support.ts'
import { compareVersions, readVersion } from '../../versions/version.ts'
import type { VersionScheme } from '../../versions/version.ts'
import type { PlanFacts } from '../facts.ts'
import type { GateAnswer } from '../plan.ts'
import { answersOf } from './gate.ts'
import { supportOfChart, withoutSupport } from './history.ts'

export function targetKnown({ cheap, requested }: PlanFacts): GateAnswer {
  const answers = answersOf('target-known', 'target-unknown')
  const { target } = cheap
  if (!target.known) {
    const refused = target.code === 'target-unknown' || target.code === 'version-unparsable'
    const remedy = 'Name the exact version of a release the chart source has.'
    return refused
      ? answers.refuse(target.why, remedy, target.code)
      : answers.unknown(target.why, undefined, target.code)
  }
  const { chart, note } = target.value
  const suffix = note === undefined ? '' : `; ${note}`
  return answers.pass(`${requested} is application ${chart.appVersion}, chart ${chart.version}${suffix}`)
}

/** Order of two versions; `undefined` where one of them is no version of the scheme. */
function order(a: string, b: string, scheme: VersionScheme): number | undefined {
  const [left, right] = [readVersion(a, scheme), readVersion(b, scheme)]
  return left === undefined || right === undefined ? undefined : compareVersions(left, right)
}

/** Neither the application nor the chart may go back, and one of them must go forward. */
export function targetNewer({ cheap, profile }: PlanFacts): GateAnswer {
  const answers = answersOf('target-newer', 'target-older')
  const { installed, target } = cheap
  if (!target.known) return answers.unknown('the target is not known')
  if (!installed.known) return answers.unknown(installed.why)
  const [from, to] = [installed.value.chart, target.value.chart]
  const app = order(to.appVersion, from.appVersion, profile.versionScheme)
  const chart = order(to.version, from.version, 'semver')
  if (app === undefined || chart === undefined) {
    const what = `${from.appVersion} (chart ${from.version}) and ${to.appVersion} (chart ${to.version}) cannot be compared`
    return answers.refuse(what, 'Choose a release with a version that can be read.', 'version-unparsable')
  }
  const both = `${from.appVersion} (chart ${from.version}) is installed, ${to.appVersion} (chart ${to.version}) was asked for`
  if (app === 0 && chart === 0)
    return answers.refuse(`${both}: they are the same`, 'Nothing needs to be done.', 'target-same')
  if (app < 0 || chart < 0) {
    const older = app < 0 ? 'the application would go back' : 'the chart would go back'
    return answers.refuse(
      `${both}: ${older}`,
      'Choose a newer release. To get back to the state before an upgrade, recover its backup.',
    )
  }
  return answers.pass(both)
}

export function targetSupported(facts: PlanFacts): GateAnswer {
  const answers = answersOf('target-supported', 'target-unsupported')
  const { target } = facts.cheap
  if (!target.known) return answers.unknown('the target is not known')
  const { chart } = target.value
  const { appVersion } = chart
  // Whether it may be taken all the same is asked by target-not-candidate.
  if (isCandidate(appVersion, facts.profile.versionScheme))
    return answers.warn(withoutSupport(chart), 'Choose a finished release: "pawl releases list" shows them.')
  const support = supportOfChart(facts, chart)
  const { state, until, why, daysLeft } = support
  const newer = 'Choose a newer release: "pawl releases list" shows them.'
  const counted = `(${countingText(support)})`
  switch (state) {
    case 'supported':
      return answers.pass(`${appVersion} is supported until ${until} ${counted}`)
    case 'ending':
      return answers.warn(`${appVersion} is supported until ${until}, for ${daysLeft} days more ${counted}`, newer)
    case 'ended':
      return answers.refuse(`the support of ${appVersion} ended on ${until} ${counted}`, newer)
    case 'unknown':
      return answers.unknown(`whether ${appVersion} is still supported is not known: ${why}`)
  }
}

/** A release candidate is taken only where somebody typed its version in full. */
export function targetNotCandidate({ cheap, profile }: PlanFacts): GateAnswer {
  const answers = answersOf('target-not-candidate', 'gate-refused')
  const { target } = cheap
  if (!target.known) return answers.unknown('the target is not known')
  const { chart, namedInFull } = target.value
  const version = readVersion(chart.appVersion, profile.versionScheme)
  if (version === undefined) return answers.unknown(`${chart.appVersion} is no ${profile.versionScheme} version`)
  if (version.stage !== 'rc') return answers.pass(`${chart.appVersion} is a finished release`)
  const said = `${chart.appVersion} is a release candidate`
  if (!namedInFull) return answers.refuse(said, `If it is meant, ask for it by its full name: --to ${chart.appVersion}`)
  return answers.warn(said, 'Use it only where the vendor told you to.')
}
