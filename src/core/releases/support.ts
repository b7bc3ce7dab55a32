// How long known releases are supported: counted from the day in their version, the earliest that could be meant.
import { daysBetween } from '../lifecycle/dates.ts'
import type { Day } from '../lifecycle/dates.ts'
import { releaseDayOf, supportedUntil, supportOf } from '../lifecycle/lifecycle.ts'
import type { Support, SupportRule } from '../lifecycle/lifecycle.ts'
import { readVersion } from '../versions/version.ts'
import type { Version, VersionScheme } from '../versions/version.ts'
import { isFinished, kindOf } from './release.ts'
import type { KnownRelease } from './release.ts'

export interface ReleaseSupport extends Support {
  /** The day that counts. */
  released?: Day
  countedFrom?: 'version' | 'publication'
  /** Last day of support if its publication counted instead; absent where that is no later, or not known. */
  atLatest?: Day
}

/** Whoever copies a chart into a mirror may date the copy: what comes later than this is not the publication. */
const LATEST_PUBLICATION_DAYS = 60

type Dated = Pick<KnownRelease, 'appVersion' | 'published'>

/** The day in its version, else the day of publication. */
export function releaseDay({ appVersion, published }: Dated, scheme: VersionScheme): Day | undefined {
  const version = readVersion(appVersion, scheme)
  return (version === undefined ? undefined : releaseDayOf(version)) ?? published
}

/** Day of the newest finished release: no right clock can be before it. */
export function newestFinishedDay(releases: readonly KnownRelease[], scheme: VersionScheme): Day | undefined {
  const days = releases.filter(isFinished).flatMap((release) => releaseDay(release, scheme) ?? [])
  return days.toSorted().at(-1)
}

/** The same, where the chart source has a newest release of its own: the later of both days. */
export function newestDayKnown(
  inCharts: Version | undefined,
  known: readonly KnownRelease[],
  scheme: VersionScheme,
): Day | undefined {
  const days = [inCharts === undefined ? undefined : releaseDayOf(inCharts), newestFinishedDay(known, scheme)]
  return days
    .filter((day) => day !== undefined)
    .toSorted()
    .at(-1)
}

/** A vendor supports what it has released: a candidate is named after the day its release is planned for, and none has support. */
export function isCandidate(appVersion: string, scheme: VersionScheme): boolean {
  return kindOf(appVersion, scheme) === 'rc'
}

export function supportOfRelease(
  release: Dated,
  product: { versionScheme: VersionScheme; lifecycle: SupportRule },
  today: Day,
  newestKnown?: Day,
): ReleaseSupport {
  const { versionScheme, lifecycle } = product
  if (isCandidate(release.appVersion, versionScheme))
    return { state: 'unknown', why: 'a release candidate has no support' }
  const released = releaseDay(release, versionScheme)
  const support = supportOf(released, lifecycle, today, newestKnown)
  if (released === undefined) return support
  const { published } = release
  const lag = published === undefined ? 0 : daysBetween(released, published)
  const late = lag > 0 && lag <= LATEST_PUBLICATION_DAYS ? published : undefined
  return {
    ...support,
    released,
    countedFrom: released === published ? 'publication' : 'version',
    ...(late === undefined ? {} : { atLatest: supportedUntil(late, lifecycle.supportMonths) }),
  }
}

/** Where the days came from, for messages: `counted from the day in its version, 2025-11-11; from its publication, until 2026-11-27`. */
export function countingText({ released, countedFrom, atLatest }: ReleaseSupport): string {
  if (released === undefined) return 'its day of release is not known'
  const from = countedFrom === 'version' ? 'the day in its version' : 'its publication'
  const late = atLatest === undefined ? '' : `; counted from its publication it would be ${atLatest}`
  return `counted from ${from}, ${released}${late}`
}
