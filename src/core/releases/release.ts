// A product release as far as it is known: what it is called, which chart carries it, when it came, and who says so.
import type { Day } from '../lifecycle/dates.ts'
import { compareVersions, readVersion } from '../versions/version.ts'
import type { Version, VersionScheme } from '../versions/version.ts'

/** `pre-release`: never published on the main line, or from before the product had versions of its own; `test`: meant for nobody. */
export type ReleaseKind = 'stable' | 'patch' | 'rc' | 'pre-release' | 'test'

export const RELEASE_KINDS: readonly ReleaseKind[] = ['stable', 'patch', 'rc', 'pre-release', 'test']

/** One application version may come in several charts, and one chart version was given to several: only all three name a release. */
export interface KnownRelease {
  appVersion: string
  /** Absent where no chart was published for it. */
  chartVersion?: string
  /** SHA-256 of the chart archive in hex. */
  digest?: string
  kind: ReleaseKind
  /** Day it was published; its version carries an earlier one where the scheme is calver. */
  published?: Day
  /** Lowest version of the customer package it takes. */
  minVersion?: string
  note?: string
  /** Who knows of it, the most trusted first. */
  sources: string[]
}

/** CARTO's chart repository has 2097.11.11, 2098.12.12 and 2099.*: no calendar version of these years is a release. */
const FIRST_TEST_YEAR = 2090

export function isTestVersion(version: Version): boolean {
  return version.scheme === 'calver' && version.numbers[0] >= FIRST_TEST_YEAR
}

/** What a version says of itself; where it is no version of the scheme, it comes from before the scheme. */
export function kindOf(appVersion: string, scheme: VersionScheme): ReleaseKind {
  const version = readVersion(appVersion, scheme)
  if (version === undefined) return 'pre-release'
  if (isTestVersion(version)) return 'test'
  return version.stage === 'release' ? 'stable' : version.stage
}

/** Finished, and meant for users. */
export function isFinished({ kind }: Pick<KnownRelease, 'kind'>): boolean {
  return kind === 'stable' || kind === 'patch'
}

const BETA = '-beta'

/**
 * A release candidate is published as chart `1.281.10-beta`, so that `helm search` hides it; in the sources it is 1.281.10.
 * Both are one chart.
 */
export function plainChart(chartVersion: string): string {
  return chartVersion.endsWith(BETA) ? chartVersion.slice(0, -BETA.length) : chartVersion
}

/** As people and messages name it. */
export function releaseName({ appVersion, chartVersion }: Pick<KnownRelease, 'appVersion' | 'chartVersion'>): string {
  return chartVersion === undefined ? `${appVersion} (no chart)` : `${appVersion} (chart ${chartVersion})`
}

/**
 * By application version, then by chart, then by everything else: 0 only for what is the same in every way. What is no
 * version of the scheme comes first.
 */
export function compareReleases(a: KnownRelease, b: KnownRelease, scheme: VersionScheme): number {
  return (
    compareTexts(a.appVersion, b.appVersion, scheme) ||
    compareOptional(a.chartVersion, b.chartVersion, (left, right) => compareTexts(left, right, 'semver')) ||
    compareOptional(a.published, b.published, inOrder) ||
    compareOptional(a.digest, b.digest, inOrder) ||
    inOrder(a.appVersion, b.appVersion) ||
    inOrder(a.chartVersion ?? '', b.chartVersion ?? '') ||
    compareOptional(a.minVersion, b.minVersion, inOrder) ||
    compareOptional(a.note, b.note, inOrder)
  )
}

export function sortReleases(releases: readonly KnownRelease[], scheme: VersionScheme): KnownRelease[] {
  return releases.toSorted((a, b) => compareReleases(a, b, scheme))
}

/** By number where both are versions of the scheme; those that are none first, by semver where they have that form. */
function compareTexts(a: string, b: string, scheme: VersionScheme): number {
  const [left, right] = [readVersion(a, scheme), readVersion(b, scheme)]
  if (left !== undefined && right !== undefined) return compareVersions(left, right)
  if (left !== undefined) return 1
  if (right !== undefined) return -1
  return scheme === 'semver' ? inOrder(a, b) : compareTexts(a, b, 'semver')
}

function compareOptional(
  a: string | undefined,
  b: string | undefined,
  compare: (a: string, b: string) => number,
): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined)
  return compare(a, b)
}

function inOrder(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
