// Floors: the lowest version of each image that may run. Read from a rendered release, raised by an upgrade, lowered by a recovery only.
import { imagesOf } from '../rendered/objects.ts'
import type { JsonRecord } from '../json.ts'
import type { Floor } from './guard.ts'

export type Numbers = [number, number, number]

export interface ImageName {
  repository: string
  tag: string | undefined
  digest: string | undefined
}

/** `registry:5000/a/b:tag@sha256:...` in its parts. */
export function readImage(image: string): ImageName {
  const [name = '', digest] = image.split('@', 2)
  const colon = name.lastIndexOf(':')
  // A colon before the last slash belongs to the registry's port.
  const tagged = colon > name.lastIndexOf('/')
  return { repository: tagged ? name.slice(0, colon) : name, tag: tagged ? name.slice(colon + 1) : undefined, digest }
}

/** The pattern that the policy itself uses: whatever does not fit cannot be ordered. */
export const TAG_PATTERN = '^v?[0-9]+[.][0-9]+[.][0-9]+([-+_.@].*)?$'

export function numbersOf(version: string | undefined): Numbers | undefined {
  if (version === undefined || !new RegExp(TAG_PATTERN).test(version)) return undefined
  const [first, second, third] = version.match(/\d+/g)?.map(Number) ?? []
  return first === undefined || second === undefined || third === undefined ? undefined : [first, second, third]
}

export function compareNumbers(a: Numbers, b: Numbers): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2]
}

/**
 * The images of a release that carry the product's own version as tag: the only ones whose order is known. A database or cache
 * image has a version of its own and may go either way.
 */
export function floorsOf(objects: readonly JsonRecord[], appVersion: string): Floor[] {
  const product = numbersOf(appVersion)
  if (product === undefined) return []
  const floors = new Map<string, Floor>()
  for (const image of objects.flatMap(imagesOf)) {
    const { repository, tag } = readImage(image)
    const version = numbersOf(tag)
    if (version !== undefined && compareNumbers(version, product) === 0) floors.set(repository, { repository, version })
  }
  return sorted(floors)
}

/** Each floor at the higher of the two; what only one side knows is kept. */
export function raised(floors: readonly Floor[], by: readonly Floor[]): Floor[] {
  const found = new Map(floors.map((floor) => [floor.repository, floor]))
  for (const floor of by) {
    const known = found.get(floor.repository)
    if (known === undefined || compareNumbers(known.version, floor.version) < 0) found.set(floor.repository, floor)
  }
  return sorted(found)
}

export interface BelowFloor {
  image: string
  floor: Floor
  why: 'older' | 'not a version'
}

/** As the policy judges it. */
export function belowFloor(image: string, floors: readonly Floor[]): BelowFloor | undefined {
  const { repository, tag } = readImage(image)
  const floor = floors.find((candidate) => candidate.repository === repository)
  if (floor === undefined || tag === undefined) return undefined
  const version = numbersOf(tag)
  if (version === undefined) return { image, floor, why: 'not a version' }
  return compareNumbers(version, floor.version) < 0 ? { image, floor, why: 'older' } : undefined
}

function sorted(floors: ReadonlyMap<string, Floor>): Floor[] {
  return [...floors.values()].toSorted((a, b) => (a.repository < b.repository ? -1 : 1))
}
