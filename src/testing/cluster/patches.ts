// JSON merge patch (RFC 7386) and the four operations of JSON patch (RFC 6902) that the port has.
import type { Patch } from '../../ports/cluster.ts'

/** A `test` operation did not hold. */
export class TestFailed extends Error {}

export function applyPatch(target: Record<string, unknown>, patch: Patch): Record<string, unknown> {
  if (patch.type === 'merge') return mergePatch(target, patch.body) as Record<string, unknown>
  const result = structuredClone(target)
  for (const operation of patch.body) applyOperation(result, operation)
  return result
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isMap(patch)) return structuredClone(patch)
  const result: Record<string, unknown> = isMap(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = mergePatch(result[key], value)
  }
  return result
}

function applyOperation(root: unknown, operation: { op: string; path: string; value?: unknown }): void {
  const segments = operation.path
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  const last = segments.pop() ?? ''
  const parent = segments.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], root)
  const key = Array.isArray(parent) && last === '-' ? String(parent.length) : last
  const holder = parent as Record<string, unknown> | undefined
  const exists = typeof holder === 'object' && holder !== null && key in holder
  if (operation.op === 'test') {
    if (JSON.stringify(holder?.[key]) !== JSON.stringify(operation.value))
      throw new TestFailed(`testing value ${operation.path} failed`)
    return
  }
  if (holder === undefined || holder === null) throw new TestFailed(`there is no ${operation.path}`)
  if (operation.op !== 'add' && !exists) throw new TestFailed(`there is no ${operation.path}`)
  if (Array.isArray(parent)) {
    const inserted = operation.op === 'remove' ? [] : [structuredClone(operation.value)]
    parent.splice(Number(key), operation.op === 'add' ? 0 : 1, ...inserted)
  } else if (operation.op === 'remove') delete holder[key]
  else holder[key] = structuredClone(operation.value)
}
