// The values that keep a product's own workloads from starting, as the profile lists them.
import { isRecord } from '../json.ts'
import type { Profile } from './profile.ts'

/** The profile's paths as one nested values document. */
export function quiescedValues(profile: Profile): Record<string, unknown> {
  const root: Record<string, unknown> = {}
  for (const { path, value } of profile.quiescedValues) {
    const keys = path.split('.')
    const last = keys.pop() ?? path
    let place = root
    for (const key of keys) {
      const inner = isRecord(place[key]) ? place[key] : {}
      place[key] = inner
      place = inner
    }
    place[last] = value
  }
  return root
}
