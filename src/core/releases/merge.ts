// What several sources know of a product's releases, as one list. Where two sources contradict each other, both claims are kept and said.
import { daysBetween } from '../lifecycle/dates.ts'
import type { VersionScheme } from '../versions/version.ts'
import { isFinished, plainChart, releaseName, sortReleases } from './release.ts'
import type { KnownRelease } from './release.ts'

export interface ReleaseSource {
  name: string
  releases: readonly KnownRelease[]
}

export interface Conflict {
  /** What the claims are about, for example `2026.7.16 (chart 1.280.1)`. */
  release: string
  /** Absent where the claims are which application it is. */
  appVersion?: string
  chartVersion?: string
  field: 'digest' | 'kind' | 'minVersion' | 'published' | 'application'
  claims: { source: string; value: string }[]
}

export interface MergedReleases {
  /** In order, oldest first. */
  releases: KnownRelease[]
  conflicts: Conflict[]
}

/** A commit, its tag and its publication may lie some days apart; more than that is two stories. */
const SAME_PUBLICATION_DAYS = 7

/** The most trusted source first: its word stands where sources differ, except that each digest stays a release of its own. */
export function mergeReleases(sources: readonly ReleaseSource[], scheme: VersionScheme): MergedReleases {
  const groups = new Map<string, KnownRelease[]>()
  for (const release of sources.flatMap((source) => source.releases)) {
    const key = JSON.stringify([release.appVersion, plainChart(release.chartVersion ?? '')])
    groups.set(key, [...(groups.get(key) ?? []), release])
  }
  const merged = [...groups.values()].map(mergeGroup)
  return {
    releases: sortReleases(
      merged.flatMap((group) => group.releases),
      scheme,
    ),
    conflicts: [...merged.flatMap((group) => group.conflicts), ...applicationConflicts(sources)],
  }
}

/** All know the same application version in the same chart. */
function mergeGroup(group: KnownRelease[]): MergedReleases {
  const digests = [...new Set(group.flatMap(({ digest }) => digest ?? []))]
  const conflicts = digests.length > 1 ? [conflictOf(group, 'digest', ({ digest }) => digest)] : []
  const variants = digests.length === 0 ? [undefined] : digests
  const releases = variants.map((digest) =>
    mergeOne(group.filter((release) => release.digest === undefined || release.digest === digest)),
  )
  return { releases, conflicts: [...conflicts, ...fieldConflicts(group)] }
}

function mergeOne(group: KnownRelease[]): KnownRelease {
  const first = <K extends keyof KnownRelease>(key: K): Partial<Pick<KnownRelease, K>> => {
    const found = group.find((release) => release[key] !== undefined)
    return found === undefined ? {} : ({ [key]: found[key] } as Pick<KnownRelease, K>)
  }
  // Whoever has the archive knows under which version it can be fetched.
  const fetched = group.find(({ digest }) => digest !== undefined)?.chartVersion
  const [{ appVersion, kind }] = group as [KnownRelease, ...KnownRelease[]]
  return {
    appVersion,
    ...first('chartVersion'),
    ...(fetched === undefined ? {} : { chartVersion: fetched }),
    ...first('digest'),
    kind,
    ...first('published'),
    ...first('minVersion'),
    ...first('note'),
    sources: [...new Set(group.flatMap(({ sources }) => sources))],
  }
}

function fieldConflicts(group: readonly KnownRelease[]): Conflict[] {
  const [first] = group
  if (first === undefined) return []
  const far = group.some(
    ({ published }) =>
      published !== undefined &&
      first.published !== undefined &&
      Math.abs(daysBetween(first.published, published)) > SAME_PUBLICATION_DAYS,
  )
  return [
    ...(group.some((release) => isFinished(release) !== isFinished(first))
      ? [conflictOf(group, 'kind', ({ kind }) => kind)]
      : []),
    ...(new Set(group.flatMap(({ minVersion }) => minVersion ?? [])).size > 1
      ? [conflictOf(group, 'minVersion', ({ minVersion }) => minVersion)]
      : []),
    ...(far ? [conflictOf(group, 'published', ({ published }) => published)] : []),
  ]
}

function conflictOf(
  group: readonly KnownRelease[],
  field: Conflict['field'],
  valueOf: (release: KnownRelease) => string | undefined,
): Conflict {
  const [first] = group as [KnownRelease, ...KnownRelease[]]
  const claims = group.flatMap((release) => {
    const value = valueOf(release)
    return value === undefined ? [] : [{ source: release.sources[0] ?? 'unknown', value }]
  })
  const { appVersion, chartVersion } = first
  return {
    release: releaseName(first),
    appVersion,
    ...(chartVersion === undefined ? {} : { chartVersion }),
    field,
    claims,
  }
}

/** One source may give a chart version to several applications; two sources that share none of them speak of different charts. */
function applicationConflicts(sources: readonly ReleaseSource[]): Conflict[] {
  const claims = new Map<string, Map<string, Set<string>>>()
  for (const { name, releases } of sources) {
    for (const { chartVersion, appVersion } of releases) {
      if (chartVersion === undefined) continue
      const chart = plainChart(chartVersion)
      const bySource = claims.get(chart) ?? new Map<string, Set<string>>()
      claims.set(chart, bySource.set(name, (bySource.get(name) ?? new Set()).add(appVersion)))
    }
  }
  return [...claims].flatMap(([chart, bySource]) => {
    const sets = [...bySource.values()]
    const agree = sets.every((one) => sets.every((other) => [...one].some((app) => other.has(app))))
    if (agree) return []
    const said = [...bySource].map(([source, apps]) => ({ source, value: [...apps].join(', ') }))
    return [{ release: `chart ${chart}`, chartVersion: chart, field: 'application' as const, claims: said }]
  })
}

const FIELD_TEXT: Record<Conflict['field'], string> = {
  digest: 'digest',
  kind: 'kind',
  minVersion: 'lowest package version',
  published: 'day of publication',
  application: 'application version',
}

/** On one line. */
export function conflictText({ release, field, claims }: Conflict): string {
  const said = claims.map(({ source, value }) => `${source} says ${value}`).join(', ')
  return `${FIELD_TEXT[field]} of ${release}: ${said}`
}
