// What holds data on disk, and what an upgrade would do to it.
import { canonicalJson, listOf, valueAt } from '../json.ts'
import type { JsonRecord } from '../json.ts'
import { kindOf, objectTitle } from './objects.ts'

/** A claim by its spec, a StatefulSet by its claim templates: neither may go or change under a running database. */
function storageOf(objects: readonly JsonRecord[]): Map<string, string> {
  const found = new Map<string, string>()
  for (const object of objects) {
    if (kindOf(object) === 'PersistentVolumeClaim') found.set(objectTitle(object), canonicalJson(object['spec'] ?? {}))
    if (kindOf(object) === 'StatefulSet') {
      const claims = listOf(valueAt(object, 'spec.volumeClaimTemplates')).map((claim) => ({
        name: valueAt(claim, 'metadata.name'),
        spec: valueAt(claim, 'spec'),
      }))
      found.set(objectTitle(object), canonicalJson(claims))
    }
  }
  return found
}

/** In words, one line for each claim or StatefulSet that would go or get another disk; empty where none would. */
export function storageChanges(before: readonly JsonRecord[], after: readonly JsonRecord[]): string[] {
  const [had, gets] = [storageOf(before), storageOf(after)]
  const lines: string[] = []
  for (const [title, claims] of had) {
    const next = gets.get(title)
    if (next === undefined) lines.push(`${title} would be removed`)
    else if (next !== claims) lines.push(`${title} would get other volumes`)
  }
  return lines.toSorted()
}
