// What changes between two sets of objects, in lines for a person. Nothing that could be a secret is ever part of a line.
import { canonicalJson, isRecord, textOf } from '../json.ts'
import type { JsonRecord } from '../json.ts'
import type { PlannedChange } from '../plan/plan.ts'
import { withoutNoise } from './normal.ts'
import { kindOf, objectTitle } from './objects.ts'

/** Charts put credentials into env values, under whatever name, into arguments and probe headers as well. */
const MAY_BE_SECRET =
  /\benv\[.*\]\.value$|pass|pwd|secret|token|key|cred|auth|header|args|command|certificate|url|uri|dsn/i
const LONGEST_VALUE = 80

/** Sorted by object; objects in which only version labels and checksums differ are left out. */
export function changesBetween(before: readonly JsonRecord[], after: readonly JsonRecord[]): PlannedChange[] {
  const [had, gets] = [byTitle(before), byTitle(after)]
  const changes: PlannedChange[] = []
  for (const title of new Set([...had.keys(), ...gets.keys()])) {
    const [old, next] = [had.get(title), gets.get(title)]
    if (old === undefined) changes.push({ object: title, change: 'add', details: [] })
    else if (next === undefined) changes.push({ object: title, change: 'remove', details: [] })
    else {
      const details = detailsOf(old, next)
      if (details.length > 0) changes.push({ object: title, change: 'change', details })
    }
  }
  return changes.toSorted((a, b) => (a.object < b.object ? -1 : 1))
}

function byTitle(objects: readonly JsonRecord[]): Map<string, JsonRecord> {
  return new Map(objects.map((object) => [objectTitle(object), object]))
}

function detailsOf(old: JsonRecord, next: JsonRecord): string[] {
  const secret = kindOf(old) === 'Secret'
  const lines: string[] = []
  walk(withoutNoise(old), withoutNoise(next), '', (path, from, to) => {
    lines.push(secret ? `${path}: changed` : lineOf(path, from, to))
  })
  return lines.toSorted()
}

function lineOf(path: string, from: unknown, to: unknown): string {
  if (from === undefined) return `${path}: added${shown(path, to)}`
  if (to === undefined) return `${path}: removed`
  const [a, b] = [valueShown(path, from), valueShown(path, to)]
  return a === undefined || b === undefined ? `${path}: changed` : `${path}: ${a} -> ${b}`
}

function shown(path: string, value: unknown): string {
  const text = valueShown(path, value)
  return text === undefined ? '' : ` ${text}`
}

function valueShown(path: string, value: unknown): string | undefined {
  if (MAY_BE_SECRET.test(path)) return undefined
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  const text = textOf(value)
  return text === undefined || text.length > LONGEST_VALUE || text.includes('\n') ? undefined : JSON.stringify(text)
}

type Visit = (path: string, from: unknown, to: unknown) => void

function walk(from: unknown, to: unknown, path: string, visit: Visit): void {
  const [a, b] = [childrenOf(from), childrenOf(to)]
  if (a === undefined || b === undefined) {
    if (canonicalJson(from ?? null) !== canonicalJson(to ?? null)) visit(path, from, to)
    return
  }
  for (const key of new Set([...a.keys(), ...b.keys()])) {
    const inner = key.startsWith('[') || path === '' ? `${path}${key}` : `${path}.${key}`
    walk(a.get(key), b.get(key), inner, visit)
  }
}

/** Fields of a record, or items of a list: by their name where they have one, so that a new container shifts nothing. */
function childrenOf(value: unknown): Map<string, unknown> | undefined {
  if (isRecord(value)) return new Map(Object.entries(value))
  if (!Array.isArray(value)) return undefined
  const names = value.map((item) => (isRecord(item) ? textOf(item['name']) : undefined))
  const named = names.every((name) => name !== undefined) && new Set(names).size === names.length
  return new Map(value.map((item, index) => [`[${named ? names[index] : index}]`, item]))
}
