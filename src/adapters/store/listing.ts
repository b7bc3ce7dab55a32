// Small things that stores across the network have in common.
import type { StoredObject } from '../../ports/store.ts'

/** A prefix that keys begin with: empty, or with one slash at its end. */
export function baseOf(prefix: string): string {
  const trimmed = prefix.replace(/^\/+|\/+$/g, '')
  return trimmed === '' ? '' : `${trimmed}/`
}

/** Stores list by their own order of bytes; the port promises ours. */
export function inNameOrder(objects: StoredObject[]): StoredObject[] {
  return objects.toSorted((left, right) => (left.name < right.name ? -1 : 1))
}

/** When a store says nothing of an object's age it counts as new: what is new is never taken for a leftover. */
export function timeOf(value: Date | string | undefined, now: () => Date = () => new Date()): string {
  const time = value === undefined ? Number.NaN : new Date(value).getTime()
  return new Date(Number.isNaN(time) ? now().getTime() : time).toISOString()
}
