// Hooks of a rendered chart: what Helm runs before and after, and which of their objects would stand in its way.
import { textOf, valueAt } from '../json.ts'
import type { JsonRecord } from '../json.ts'

function annotation(object: JsonRecord, name: string): string[] {
  const text = textOf(valueAt(object, ['metadata', 'annotations', name])) ?? ''
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

export function hookEvents(object: JsonRecord): string[] {
  return annotation(object, 'helm.sh/hook')
}

/**
 * Hooks of an upgrade that Helm creates without deleting what is there of that name: by default it deletes, a policy that is given must
 * say so (helm/pkg/action/hooks.go).
 */
export function hooksThatMayCollide(hooks: readonly JsonRecord[]): JsonRecord[] {
  return hooks.filter((hook) => {
    const policies = annotation(hook, 'helm.sh/hook-delete-policy')
    const ofUpgrade = hookEvents(hook).some((event) => event === 'pre-upgrade' || event === 'post-upgrade')
    return ofUpgrade && policies.length > 0 && !policies.includes('before-hook-creation')
  })
}
