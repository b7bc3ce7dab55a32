// Label and field selectors as the API server reads them, for the in-memory cluster.
import type { KubeObject } from '../../ports/cluster.ts'

export function matchesLabels(object: KubeObject, selector: string | undefined): boolean {
  return requirementsOf(selector).every((requirement) => holds(object.metadata.labels ?? {}, requirement))
}

/** Field selectors know `=`, `==` and `!=` only. */
export function matchesFields(object: KubeObject, selector: string | undefined): boolean {
  return requirementsOf(selector).every((requirement) => {
    const match = /^([^=!]+)(!=|==?)(.*)$/.exec(requirement)
    if (match === null) throw new Error(`field selector "${requirement}" is not understood`)
    const [, path = '', operator, wanted] = match
    const found = path
      .split('.')
      .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], object)
    const text =
      typeof found === 'string' || typeof found === 'number' || typeof found === 'boolean' ? String(found) : ''
    return (operator === '!=') !== (text === wanted)
  })
}

/** Splits at commas that are not inside the parentheses of a set. */
function requirementsOf(selector: string | undefined): string[] {
  return (selector ?? '').split(/,(?![^(]*\))/).filter((part) => part.trim() !== '')
}

function holds(labels: Record<string, string>, requirement: string): boolean {
  const set = /^\s*(\S+)\s+(in|notin)\s*\(([^)]*)\)\s*$/.exec(requirement)
  if (set !== null) {
    const [, key = '', operator, list = ''] = set
    const found = list.split(',').some((value) => value.trim() === labels[key])
    return operator === 'in' ? found : !found
  }
  const equality = /^\s*([^=!\s]+)\s*(!=|==?)\s*(\S*)\s*$/.exec(requirement)
  if (equality !== null) {
    const [, key = '', operator, value] = equality
    return (operator === '!=') !== (labels[key] === value)
  }
  const presence = /^\s*(!?)\s*(\S+)\s*$/.exec(requirement)
  if (presence === null) throw new Error(`label selector "${requirement}" is not understood`)
  return (presence[1] === '!') !== (labels[presence[2] ?? ''] !== undefined)
}
