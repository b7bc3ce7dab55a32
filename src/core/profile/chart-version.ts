// Which generation of a chart this is, by the numbers of its version alone.
import { PawlError } from '../errors.ts'
import { readVersion } from '../versions/version.ts'

/**
 * Is a chart's version FLOOR or a later one? A candidate (`1.225.1-beta`) counts as the release it is of: the change is in
 * its templates already. Throws `unknown-state` for what is no version.
 */
export function atLeast(version: string, floor: string): boolean {
  const [left, right] = [numbersOf(version), numbersOf(floor)]
  const place = left.findIndex((number, index) => number !== right[index])
  return place === -1 || (left[place] ?? 0) > (right[place] ?? 0)
}

function numbersOf(text: string): readonly number[] {
  const version = readVersion(text, 'semver')
  if (version !== undefined) return version.numbers
  throw new PawlError({ code: 'unknown-state', message: `${JSON.stringify(text)} is no chart version` })
}
