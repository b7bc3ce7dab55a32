// The lifecycle of a product: one cycle for each finished release, with its patches.
import { isFinished } from '../releases/release.ts'
import type { KnownRelease } from '../releases/release.ts'
import { newestFinishedDay, supportOfRelease } from '../releases/support.ts'
import type { ReleaseSupport } from '../releases/support.ts'
import { compareVersions, readVersion } from '../versions/version.ts'
import type { VersionScheme } from '../versions/version.ts'
import type { Day } from './dates.ts'
import type { SupportRule } from './lifecycle.ts'

export interface Cycle {
  /** Its first version, for example `2025.11.11`. */
  name: string
  released: Day
  until: Day
  support: ReleaseSupport
  /** Its newest version; where some came as a chart, the newest of those. */
  latest: { version: string; chartVersion?: string; published?: Day }
}

/** How one installation stands. */
export interface InstalledSupport {
  release: string
  namespace: string
  version: string
  support: ReleaseSupport
}

export interface ProductRule {
  versionScheme: VersionScheme
  lifecycle: SupportRule
}

/** Oldest first. Releases without a day of their own belong to no cycle. */
export function cyclesOf(releases: readonly KnownRelease[], product: ProductRule, today: Day): Cycle[] {
  const { versionScheme } = product
  const newest = newestFinishedDay(releases, versionScheme)
  const groups = new Map<string, KnownRelease[]>()
  for (const release of releases.filter(isFinished)) {
    const key = cycleKey(release.appVersion, versionScheme)
    groups.set(key, [...(groups.get(key) ?? []), release])
  }
  const cycles = [...groups.values()].flatMap((group) => {
    const ordered = group.toSorted((a, b) => compareTexts(a.appVersion, b.appVersion, versionScheme))
    const [first] = ordered
    if (first === undefined) return []
    const support = supportOfRelease(first, product, today, newest)
    const { released, until } = support
    return released === undefined || until === undefined
      ? []
      : [{ name: first.appVersion, released, until, support, latest: latestOf(ordered) }]
  })
  return cycles.toSorted((a, b) => compareTexts(a.name, b.name, versionScheme))
}

/** Versions that differ in nothing but a patch are of one cycle. */
function cycleKey(appVersion: string, scheme: VersionScheme): string {
  const version = readVersion(appVersion, scheme)
  return version === undefined || scheme === 'semver' ? appVersion : version.numbers.join('.')
}

function latestOf(ordered: readonly KnownRelease[]): Cycle['latest'] {
  const latest = ordered.findLast(({ chartVersion }) => chartVersion !== undefined) ?? ordered.at(-1)
  const { appVersion = '', chartVersion, published } = latest ?? {}
  return {
    version: appVersion,
    ...(chartVersion === undefined ? {} : { chartVersion }),
    ...(published === undefined ? {} : { published }),
  }
}

function compareTexts(a: string, b: string, scheme: VersionScheme): number {
  const [left, right] = [readVersion(a, scheme), readVersion(b, scheme)]
  return left === undefined || right === undefined ? 0 : compareVersions(left, right)
}

/** The last day on which something became known: all that an export says is as of then, whenever it is made. */
export function knownSince(releases: readonly KnownRelease[], scheme: VersionScheme): Day | undefined {
  const days = releases.filter(isFinished).map(({ published }) => published)
  return (
    days
      .filter((day) => day !== undefined)
      .toSorted()
      .at(-1) ?? newestFinishedDay(releases, scheme)
  )
}
