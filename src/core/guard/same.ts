// Is what is installed what Pawl installs? The API server adds defaults; everything else that differs was changed by somebody.
import { isRecord, listOf, recordOf } from '../json.ts'
import type { ResourceObject } from '../resources.ts'
import { GUARD_VERSION, VERSION_LABEL } from './policies.ts'

const DEFAULTS = new Set(['"Equivalent"', '"*"', '{}', '[]', 'null'])

/** Where the live value differs from ours, as a path; undefined where it does not. */
export function difference(ours: unknown, live: unknown, path = ''): string | undefined {
  if (Array.isArray(ours) && Array.isArray(live)) {
    if (ours.length !== live.length) return path
    for (const [index, item] of ours.entries()) {
      const found = difference(item, live[index], `${path}[${index}]`)
      if (found !== undefined) return found
    }
    return undefined
  }
  if (isRecord(ours) && isRecord(live)) {
    for (const key of new Set([...Object.keys(ours), ...Object.keys(live)])) {
      const at = path === '' ? key : `${path}.${key}`
      if (!Object.hasOwn(ours, key)) {
        if (!DEFAULTS.has(JSON.stringify(live[key]))) return at
        continue
      }
      const found = difference(ours[key], live[key], at)
      if (found !== undefined) return found
    }
    return undefined
  }
  return ours === live ? undefined : path
}

export type Part = 'as it should be' | 'of a newer Pawl' | { differs: string }

/** How a policy or binding that is there compares with ours. What a newer Pawl has installed is not ours to judge. */
export function partOf(ours: ResourceObject, live: ResourceObject): Part {
  if (Number(live.metadata.labels?.[VERSION_LABEL]) > GUARD_VERSION) return 'of a newer Pawl'
  if (goesWithAnother(ours, live)) return { differs: 'metadata.ownerReferences' }
  const differs = difference(ours['spec'], live['spec'], 'spec')
  return differs === undefined ? 'as it should be' : { differs }
}

/** It was made for a namespace of the same name that is gone, and Kubernetes is about to collect it. */
function goesWithAnother(ours: ResourceObject, live: ResourceObject): boolean {
  const owners = ({ metadata }: ResourceObject): unknown[] =>
    listOf(recordOf(metadata)['ownerReferences']).map((owner) => recordOf(owner)['uid'])
  const [wanted] = owners(ours)
  const found = owners(live)
  return wanted !== undefined && found.length > 0 && !found.includes(wanted)
}
