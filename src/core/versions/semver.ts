// Semantic versions, by the reference implementation; stricter than it in what counts as a version.
import compareBuild from 'semver/functions/compare-build.js'
import parse from 'semver/functions/parse.js'
import type { Version } from './version.ts'

/** The library also reads `v1.2.3` and `=1.2.3`: those name a tag or a range, not a release. */
const STARTS_WITH_NUMBER = /^\d/

export function readSemver(text: string): Version | undefined {
  const parsed = STARTS_WITH_NUMBER.test(text) ? parse(text) : null
  if (parsed === null || text !== text.trim()) return undefined
  const candidate = parsed.prerelease.length > 0
  return {
    scheme: 'semver',
    text,
    numbers: [parsed.major, parsed.minor, parsed.patch],
    stage: candidate ? 'rc' : 'release',
    stageNumbers: parsed.prerelease.filter((part) => typeof part === 'number'),
  }
}

/** Build metadata decides last, so that the order is total. */
export function compareSemver(a: string, b: string): number {
  return compareBuild(a, b)
}
