// Every release that the history of a profile, chart sources and snapshots know of, with what a person should know about the sources.
import { PawlError } from '../../core/errors.ts'
import type { Profile } from '../../core/profile/profile.ts'
import { releaseFromChart } from '../../core/releases/from-chart.ts'
import { mergeReleases } from '../../core/releases/merge.ts'
import type { MergedReleases, ReleaseSource } from '../../core/releases/merge.ts'
import { parseSnapshot } from '../../core/releases/snapshot.ts'
import { HISTORY_SOURCE } from '../../core/releases/history.ts'
import { listOption, type Options } from './define.ts'
import { profileNamed, type Session } from './session.ts'

const DEFAULT_PRODUCT = 'carto'

export interface Known extends MergedReleases {
  profile: Profile
  /** The most trusted first, with the number of releases each knows. */
  sources: { name: string; releases: number }[]
  /** For example that a source did not answer and what it said two days ago was taken. */
  notes: string[]
}

/** Throws `product-unknown`, `store-unreadable`, `input-invalid`, and `usage` where there is no source at all. */
export async function knownReleases(session: Session, product: string | undefined, options: Options): Promise<Known> {
  const { doors } = session
  const profile = profileNamed(session, product ?? DEFAULT_PRODUCT)
  const notes: string[] = []
  const sources = await trustedSources(session, profile, options)
  for (const where of listOption(options, 'charts')) {
    const charts = await doors.charts(where, ({ where: place, at, why }) => {
      notes.push(`${place} does not answer; what it said on ${at} is taken instead (${why})`)
    })
    const entries = await charts.list(profile.chart, session.stop)
    const releases = entries.map((entry) => releaseFromChart(entry, profile, charts.where))
    sources.push({ name: charts.where, releases })
  }
  if (sources.length === 0) {
    throw new PawlError({
      code: 'usage',
      message: `profile ${profile.name} has no history of its own: say where its releases are with --charts or --from-snapshot`,
    })
  }
  return {
    profile,
    ...mergeReleases(sources, profile.versionScheme),
    sources: sources.map(({ name, releases }) => ({ name, releases: releases.length })),
    notes,
  }
}

/** What is known without asking a chart source: the history, and the snapshots that were named. Throws `input-invalid`. */
export async function trustedSources(session: Session, profile: Profile, options: Options): Promise<ReleaseSource[]> {
  const history = await session.doors.history(profile.name)
  const snapshots = listOption(options, 'fromSnapshot').map(
    async (path) => await snapshotSource(session, profile, path),
  )
  const own = history.length === 0 ? [] : [{ name: HISTORY_SOURCE, releases: history }]
  return [...own, ...(await Promise.all(snapshots))]
}

async function snapshotSource(session: Session, profile: Profile, path: string): Promise<ReleaseSource> {
  const text = Buffer.from(await session.doors.readFile(path)).toString('utf8')
  const name = `snapshot ${path}`
  const { releases } = parseSnapshot(text, profile, path)
  return { name, releases: releases.map((release) => ({ ...release, sources: [name] })) }
}
