// Which chart a person means by the release they typed. Exactly one, or a refusal: never the newest, never a range.
import { PawlError } from '../errors.ts'
import { isTestVersion } from '../releases/release.ts'
import { compareVersions, newestVersion, parseVersion, readVersion } from '../versions/version.ts'
import type { Version, VersionScheme } from '../versions/version.ts'

/** One chart as a chart source lists it. */
export interface ChartFacts {
  name: string
  version: string
  appVersion: string
  annotations: Record<string, string>
  /** Publication time where the source knows it (ISO 8601). */
  created?: string
  /** SHA-256 of the archive in hex where the source knows it. */
  digest?: string
}

export interface ResolvedTarget {
  chart: ChartFacts
  /** SHA-256 of the archive that was fetched. */
  chartDigest: string
  /** True where the application version was typed in full, which is what a release candidate asks for. */
  namedInFull: boolean
  /** What a person should know about the choice. */
  note?: string
}

export type Resolution = Omit<ResolvedTarget, 'chartDigest'>

const CHART_PREFIX = 'chart:'

/**
 * `2026.3.9` names an application version exactly, `chart:1.249.1` a chart. Throws `version-unparsable` for what is no
 * version (`latest`, ranges, nothing), `target-unknown` where the source has no such release.
 */
export function resolveTarget(requested: string, candidates: readonly ChartFacts[], scheme: VersionScheme): Resolution {
  if (requested.startsWith(CHART_PREFIX)) {
    const version = parseVersion(requested.slice(CHART_PREFIX.length), 'semver')
    const chart = newestChart(candidates.filter((candidate) => candidate.version === version.text))
    if (chart === undefined) throw targetUnknown(requested, candidates, scheme)
    return { chart, namedInFull: false, note: `chart ${chart.version} is application ${chart.appVersion}` }
  }
  const wanted = parseVersion(requested, scheme)
  const matches = candidates.filter((candidate) => candidate.appVersion === wanted.text)
  const chart = newestChart(matches)
  if (chart === undefined) throw targetUnknown(requested, candidates, scheme)
  const versions = new Set(matches.map((candidate) => candidate.version))
  if (versions.size < 2) return { chart, namedInFull: true }
  const others = [...versions].filter((version) => version !== chart.version)
  return {
    chart,
    namedInFull: true,
    note: `chart ${chart.version} was taken, the highest of those for it (also ${others.join(', ')})`,
  }
}

function newestChart(charts: readonly ChartFacts[]): ChartFacts | undefined {
  const readable = charts.flatMap((chart) => {
    const version = readVersion(chart.version, 'semver')
    return version === undefined ? [] : [{ chart, version }]
  })
  return readable.toSorted((a, b) => compareVersions(a.version, b.version)).at(-1)?.chart
}

/** Application versions a source has, oldest first; those that are no versions are left out. */
export function releasesOf(candidates: readonly ChartFacts[], scheme: VersionScheme): Version[] {
  const texts = new Set(candidates.map((candidate) => candidate.appVersion))
  const versions = [...texts].map((text) => readVersion(text, scheme)).filter((version) => version !== undefined)
  return versions.toSorted(compareVersions)
}

/** The newest finished release a source has. */
export function newestRelease(candidates: readonly ChartFacts[], scheme: VersionScheme): Version | undefined {
  const finished = releasesOf(candidates, scheme).filter((version) => version.stage !== 'rc' && !isTestVersion(version))
  return newestVersion(finished)
}

const LISTED = 8

function targetUnknown(requested: string, candidates: readonly ChartFacts[], scheme: VersionScheme): PawlError {
  const newest = releasesOf(candidates, scheme)
    .slice(-LISTED)
    .map((version) => version.text)
  const has = newest.length === 0 ? 'it has none' : `the newest it has are ${newest.join(', ')}`
  return new PawlError({
    code: 'target-unknown',
    message: `the chart source has no release ${requested}; ${has}`,
    unchanged: 'Nothing was changed.',
    facts: { requested, newest },
  })
}
