// pawl releases: what is known of a product's releases, from the profile's history, chart sources and snapshots.
import { PawlError } from '../../../core/errors.ts'
import { dayAt, isDay } from '../../../core/lifecycle/dates.ts'
import type { Conflict } from '../../../core/releases/merge.ts'
import { isFinished, plainChart } from '../../../core/releases/release.ts'
import type { KnownRelease } from '../../../core/releases/release.ts'
import { SNAPSHOT_SCHEMA, snapshotText } from '../../../core/releases/snapshot.ts'
import { newestFinishedDay, releaseDay, supportOfRelease } from '../../../core/releases/support.ts'
import { compareVersions, parseVersion, readVersion } from '../../../core/versions/version.ts'
import { flag, textOption, type Options } from '../define.ts'
import { knownReleases, type Known } from '../known-releases.ts'
import { renderRelease, renderReleases, type ReleaseView } from '../render/releases.ts'
import type { Session } from '../session.ts'

export async function releasesList(session: Session, args: string[], options: Options): Promise<number> {
  const since = dayOption(options, 'since')
  const known = await knownReleases(session, args[0], options)
  const { versionScheme } = known.profile
  const inTime = known.releases.filter(
    (release) => since === undefined || (release.published ?? releaseDay(release, versionScheme) ?? '') >= since,
  )
  const wanted = flag(options, 'all') ? inTime : inTime.filter(isFinished)
  const releases = viewsOf(session, known, wanted)
  const hidden = inTime.length - wanted.length
  if (session.global.output === 'json') writeJson(session, known, { releases })
  else session.terminal.write(renderReleases({ ...known, releases, hidden }, session.terminal.colour))
  return 0
}

export async function releasesShow(session: Session, args: string[], options: Options): Promise<number> {
  const known = await knownReleases(session, textOption(options, 'product'), options)
  const requested = args[0] ?? ''
  const found = named(requested, known)
  if (found.length === 0) {
    throw new PawlError({
      code: 'target-unknown',
      message: `none of ${known.sources.map(({ name }) => name).join(', ')} knows a release ${requested} of ${known.profile.name}`,
      hint: `"pawl releases list ${known.profile.name} --all" shows those that are known; name further sources with --charts.`,
      facts: { requested },
    })
  }
  const releases = viewsOf(session, known, found)
  const conflicts = known.conflicts.filter((conflict) => found.some((release) => isAbout(conflict, release)))
  if (session.global.output === 'json') writeJson(session, { ...known, conflicts }, { releases })
  else session.terminal.write(renderRelease({ ...known, conflicts, releases }, session.terminal.colour))
  return 0
}

export async function releasesSnapshot(session: Session, args: string[], options: Options): Promise<number> {
  const { profile, releases, sources, notes, conflicts } = await knownReleases(session, args[0], options)
  const { doors, terminal, global } = session
  const takenAt = doors.clock.now().toISOString()
  const text = snapshotText({
    schema: SNAPSHOT_SCHEMA,
    product: profile.name,
    versionScheme: profile.versionScheme,
    takenAt,
    sources: sources.map(({ name }) => name),
    releases,
  })
  const out = textOption(options, 'out')
  for (const note of notes) terminal.writeError(`${note}\n`)
  if (out === undefined) {
    terminal.write(text)
    return 0
  }
  await doors.writeFile(out, text)
  const summary = { file: out, releases: releases.length, conflicts: conflicts.length, takenAt }
  if (global.output === 'json') terminal.write(`${JSON.stringify({ ...summary, notes })}\n`)
  else terminal.write(`${releases.length} releases of ${profile.title} written to ${out}.\n`)
  return 0
}

function writeJson(
  { terminal, doors }: Session,
  { profile, sources, conflicts, notes }: Omit<Known, 'releases'>,
  { releases }: { releases: ReleaseView[] },
): void {
  const today = dayAt(doors.today())
  terminal.write(`${JSON.stringify({ product: profile.name, today, sources, releases, conflicts, notes })}\n`)
}

function viewsOf(session: Session, { profile, releases }: Known, wanted: readonly KnownRelease[]): ReleaseView[] {
  const newest = newestFinishedDay(releases, profile.versionScheme)
  const today = dayAt(session.doors.today())
  return wanted.map((release) =>
    isFinished(release) ? { ...release, support: supportOfRelease(release, profile, today, newest) } : release,
  )
}

function isAbout({ appVersion, chartVersion = '' }: Conflict, release: KnownRelease): boolean {
  const sameChart = plainChart(chartVersion) === plainChart(release.chartVersion ?? '')
  return sameChart && (appVersion === undefined || appVersion === release.appVersion)
}

/** By application version in any spelling, or by chart. Throws `version-unparsable`. */
function named(requested: string, { releases, profile }: Known): KnownRelease[] {
  if (requested.startsWith('chart:')) {
    const { text } = parseVersion(requested.slice('chart:'.length), 'semver')
    return releases.filter(({ chartVersion = '' }) => plainChart(chartVersion) === plainChart(text))
  }
  const exact = releases.filter(({ appVersion }) => appVersion === requested)
  if (exact.length > 0) return exact
  const wanted = parseVersion(requested, profile.versionScheme)
  return releases.filter(({ appVersion }) => {
    const version = readVersion(appVersion, profile.versionScheme)
    return version !== undefined && compareVersions(version, wanted) === 0
  })
}

function dayOption(options: Options, name: string): string | undefined {
  const day = textOption(options, name)
  if (day === undefined || isDay(day)) return day
  throw new PawlError({
    code: 'usage',
    message: `--${name}: expected a day like 2026-07-16, got ${JSON.stringify(day)}`,
  })
}
