// Gates that compare what was asked for, and what is installed, with the releases that are known from elsewhere.
import { isFinished, isTestVersion, plainChart, releaseName } from '../../releases/release.ts'
import type { KnownRelease } from '../../releases/release.ts'
import { countingText, isCandidate, supportOfRelease } from '../../releases/support.ts'
import type { ReleaseSupport } from '../../releases/support.ts'
import { compareVersions, newestVersion, readVersion } from '../../versions/version.ts'
import type { PlanFacts } from '../facts.ts'
import type { GateAnswer } from '../plan.ts'
import type { ChartFacts } from '../target.ts'
import { answersOf } from './gate.ts'

function knownOf({ cheap }: PlanFacts): readonly KnownRelease[] {
  return cheap.knownReleases ?? []
}

function sameChart(release: KnownRelease, chart: ChartFacts): boolean {
  return release.chartVersion !== undefined && plainChart(release.chartVersion) === plainChart(chart.version)
}

/** Application, chart and digest of the target must be what is known of it; nothing weighs more than bytes that are not the vendor's. */
export function targetGenuine(facts: PlanFacts): GateAnswer {
  const answers = answersOf('target-genuine', 'gate-refused')
  const { target } = facts.cheap
  if (!target.known) return answers.unknown('the target is not known')
  const { chart, chartDigest } = target.value
  const version = readVersion(chart.appVersion, facts.profile.versionScheme)
  if (version !== undefined && isTestVersion(version)) {
    return answers.refuse(
      `${releaseName({ appVersion: chart.appVersion, chartVersion: chart.version })} was made for tests, not for users`,
      'Choose a release that "pawl releases list" shows.',
      'target-unsupported',
    )
  }
  const charts = knownOf(facts).filter((release) => sameChart(release, chart))
  if (charts.length === 0) return answers.pass(`nothing else is known of chart ${chart.version}`)
  const same = charts.filter(({ appVersion }) => appVersion === chart.appVersion)
  if (same.length === 0) {
    const [first] = charts
    return answers.refuse(
      `the chart source gives chart ${chart.version} as ${chart.appVersion}; ${sourcesOf(charts)} knows it as ${first?.appVersion}`,
      'Find out which is right, and take charts from the vendor itself.',
    )
  }
  const digests = same.flatMap(({ digest }) => digest ?? [])
  if (digests.length > 0 && !digests.includes(chartDigest)) {
    return answers.refuse(
      `the archive of chart ${chart.version} has digest ${chartDigest}; ${sourcesOf(same)} knows ${digests.join(', ')}`,
      'Do not install it. Fetch the archive again from the vendor; where it stays so, ask the vendor.',
    )
  }
  const bytes = digests.length > 0 ? 'its application, chart and digest are' : 'its application and chart are'
  return answers.pass(`${bytes} as ${sourcesOf(same)} knows them`)
}

/** A release that the vendor's history should have and does not. Acceptable: vendors hand out single fixes. */
export function targetPublished(facts: PlanFacts): GateAnswer {
  const answers = answersOf('target-published', 'gate-refused', 'acceptable')
  const { profile, cheap } = facts
  if (!cheap.target.known) return answers.unknown('the target is not known')
  const { chart } = cheap.target.value
  const said = releaseName({ appVersion: chart.appVersion, chartVersion: chart.version })
  const known = knownOf(facts)
  const here = known.filter((release) => sameChart(release, chart) && release.appVersion === chart.appVersion)
  if (here.some(({ kind }) => kind === 'pre-release'))
    return answers.warn(`${said} was never published on the main line`, 'Use it only where the vendor told you to.')
  if (here.length > 0) return answers.pass(`${said} is known: ${sourcesOf(here)}`)
  const versions = known
    .filter(isFinished)
    .flatMap(({ appVersion }) => readVersion(appVersion, profile.versionScheme) ?? [])
  const [newest, version] = [newestVersion(versions), readVersion(chart.appVersion, profile.versionScheme)]
  if (newest === undefined || version === undefined) return answers.pass(`no history of ${profile.title} is known`)
  if (compareVersions(version, newest) > 0) {
    return answers.warn(
      `${said} is newer than everything known here, which ends with ${newest.text}`,
      "Read the vendor's notes for it: what Pawl knows of pitfalls between releases ends there, too.",
    )
  }
  return answers.refuse(
    `${said} is not among the releases known here, although they go on to ${newest.text}`,
    'Choose a release that "pawl releases list" shows, or accept this one where the vendor gave it to you.',
  )
}

/** How long a chart's release is supported, by the profile's rule; counted from the day in its version, else from its publication. */
export function supportOfChart(facts: PlanFacts, chart: ChartFacts): ReleaseSupport {
  const { profile, cheap } = facts
  const known = knownOf(facts).find((release) => sameChart(release, chart) && release.appVersion === chart.appVersion)
  const published = known?.published ?? chart.created?.slice(0, 10)
  const release = { appVersion: chart.appVersion, ...(published === undefined ? {} : { published }) }
  return supportOfRelease(release, profile, cheap.today, cheap.newestReleaseDay)
}

export function withoutSupport({ appVersion }: ChartFacts): string {
  return `${appVersion} is a release candidate, which has no support`
}

/** What is installed may be out of support: that is a reason to upgrade, and never stops one. */
export function installedSupported(facts: PlanFacts): GateAnswer {
  const answers = answersOf('installed-supported', 'target-unsupported')
  const { installed, latest } = facts.cheap
  const { chart } = installed.known ? installed.value : latest
  if (isCandidate(chart.appVersion, facts.profile.versionScheme))
    return answers.warn(withoutSupport(chart), 'Upgrade to the finished release; until then the vendor need not help.')
  const support = supportOfChart(facts, chart)
  const { state, until, daysLeft, why } = support
  const upgrade = 'Go on with the upgrade; until then the vendor need not help.'
  switch (state) {
    case 'supported':
      return answers.pass(`${chart.appVersion} is supported until ${until}`)
    case 'ending':
      return answers.warn(
        `${chart.appVersion} is supported until ${until}, for ${daysLeft} days more (${countingText(support)})`,
        'Go on with the upgrade before that day.',
      )
    case 'ended':
      return answers.warn(`the support of ${chart.appVersion} ended on ${until} (${countingText(support)})`, upgrade)
    case 'unknown':
      return answers.warn(
        `whether ${chart.appVersion} is still supported is not known: ${why}`,
        'Check the clock of this machine.',
      )
  }
}

function sourcesOf(releases: readonly KnownRelease[]): string {
  return [...new Set(releases.flatMap(({ sources }) => sources))].join(', ')
}
