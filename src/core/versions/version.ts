// Versions of product releases and charts: read strictly, compared as numbers, given back as they were written.
import { PawlError } from '../errors.ts'
import { readCalver } from './calver.ts'
import { compareSemver, readSemver } from './semver.ts'

export type VersionScheme = 'calver' | 'semver'

/** A candidate comes before its release, a patch after it. */
export type Stage = 'rc' | 'release' | 'patch'

export interface Version {
  scheme: VersionScheme
  /** Exactly as it was written. */
  text: string
  /** Year, month, day; or major, minor, patch. */
  numbers: readonly [number, number, number]
  stage: Stage
  /** Numbers of the candidate or of the patch; empty for a release. */
  stageNumbers: readonly number[]
}

const STAGE_RANK: Record<Stage, number> = { rc: 0, release: 1, patch: 2 }

/** The version a text names, or `undefined` where it names none: ranges, `latest`, `v` prefixes and impossible dates do not. */
export function readVersion(text: string, scheme: VersionScheme): Version | undefined {
  return scheme === 'calver' ? readCalver(text) : readSemver(text)
}

const EXAMPLE: Record<VersionScheme, string> = { calver: '2026.3.9', semver: '1.249.1' }

/** Throws `version-unparsable`. */
export function parseVersion(text: string, scheme: VersionScheme): Version {
  const version = readVersion(text, scheme)
  if (version !== undefined) return version
  const message = `expected a version like ${EXAMPLE[scheme]}, got ${text === '' ? 'nothing' : JSON.stringify(text)}`
  throw new PawlError({ code: 'version-unparsable', message, facts: { given: text, scheme } })
}

export function formatVersion(version: Version): string {
  return version.text
}

function compareNumbers(a: readonly number[], b: readonly number[]): number {
  for (let place = 0; place < Math.max(a.length, b.length); place++) {
    const difference = (a[place] ?? -1) - (b[place] ?? -1)
    if (difference !== 0) return Math.sign(difference)
  }
  return 0
}

/** Below 0 where `a` comes before `b`; 0 also for two spellings of one version (`2022.05.12`, `2022.5.12`). */
export function compareVersions(a: Version, b: Version): number {
  if (a.scheme !== b.scheme) throw new TypeError(`cannot compare a ${a.scheme} with a ${b.scheme} version`)
  if (a.scheme === 'semver') return compareSemver(a.text, b.text)
  return (
    compareNumbers(a.numbers, b.numbers) ||
    Math.sign(STAGE_RANK[a.stage] - STAGE_RANK[b.stage]) ||
    compareNumbers(a.stageNumbers, b.stageNumbers)
  )
}

/** As `compareVersions`, of the days alone: whichever candidate or patch of its day each is. */
export function compareDays(a: Version, b: Version): number {
  if (a.scheme !== b.scheme) throw new TypeError(`cannot compare a ${a.scheme} with a ${b.scheme} version`)
  return compareNumbers(a.numbers, b.numbers)
}

/** The newest of them; `undefined` of none. */
export function newestVersion(versions: readonly Version[]): Version | undefined {
  return versions.toSorted(compareVersions).at(-1)
}
