// Who owns which field, in the way of server-side apply, simplified: a list whose items all have a `name` is keyed by it,
// every other list is one value.
import type { KubeObject, ManagedFields } from '../../ports/cluster.ts'
import { isMap } from './patches.ts'

/** Fields nobody owns. */
const SYSTEM = new Set([
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'managedFields',
])
const SEPARATOR = '\u0000'

export interface Writer {
  manager: string
  operation: 'Apply' | 'Update'
  subresource?: string
}

/** Every leaf of an object with its value as JSON, by path. */
export function leavesOf(object: KubeObject): Map<string, string> {
  const leaves = new Map<string, string>()
  const { apiVersion: _apiVersion, kind: _kind, metadata, ...rest } = object
  const own = Object.fromEntries(Object.entries(metadata).filter(([key]) => !SYSTEM.has(key)))
  collect(Object.keys(own).length === 0 ? rest : { ...rest, metadata: own }, [], leaves)
  return leaves
}

function collect(value: unknown, path: string[], leaves: Map<string, string>): void {
  if (isMap(value) && (Object.keys(value).length > 0 || path.length === 0)) {
    for (const [key, child] of Object.entries(value))
      if (child !== undefined) collect(child, [...path, `f:${key}`], leaves)
  } else if (isKeyed(value)) {
    for (const item of value) collect(item, [...path, keyOf(item)], leaves)
  } else {
    leaves.set(path.join(SEPARATOR), JSON.stringify(value))
  }
}

function isKeyed(value: unknown): value is { name: string }[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => isMap(item) && typeof item.name === 'string')
}

function keyOf(item: { name: string }): string {
  return `k:${JSON.stringify({ name: item.name })}`
}

export function ownedBy(entry: ManagedFields): Set<string> {
  const paths = new Set<string>()
  const walk = (fields: Record<string, unknown>, path: string[]): void => {
    const children = Object.entries(fields).filter(([key]) => key !== '.')
    if (children.length === 0 && path.length > 0) paths.add(path.join(SEPARATOR))
    for (const [key, child] of children) walk(child as Record<string, unknown>, [...path, key])
  }
  walk(entry.fieldsV1 ?? {}, [])
  return paths
}

/** The entries after `writer` wrote: it owns what it changed (Update) or named (Apply), and others lose what was changed. */
export function afterWrite(
  before: KubeObject | undefined,
  after: KubeObject,
  writer: Writer,
  named: Set<string> | undefined,
  time: string,
): ManagedFields[] {
  const old = before === undefined ? new Map<string, string>() : leavesOf(before)
  const now = leavesOf(after)
  const changed = new Set([...now].filter(([path, value]) => old.get(path) !== value).map(([path]) => path))
  const entries: ManagedFields[] = []
  let own = named ?? changed
  let unchangedSince: string | undefined
  for (const entry of before?.metadata.managedFields ?? []) {
    const all = ownedBy(entry)
    const paths = [...all].filter((path) => now.has(path))
    if (isSame(entry, writer)) {
      own = named ?? new Set([...paths, ...changed])
      if (own.size === all.size && [...own].every((path) => all.has(path))) unchangedSince = entry.time
    } else addEntry(entries, entry, new Set(paths.filter((path) => !changed.has(path))))
  }
  addEntry(entries, { ...writer, apiVersion: after.apiVersion, time: unchangedSince ?? time }, own)
  return entries.toSorted(byOperationThenTime)
}

/** A write may take owners off fields by giving `managedFields` itself, as kubectl does when it takes a manager over. */
export function ownersAsGiven(live: KubeObject | undefined, next: KubeObject): KubeObject | undefined {
  const given = next.metadata.managedFields
  return live === undefined || given === undefined
    ? live
    : { ...live, metadata: { ...live.metadata, managedFields: given } }
}

function byOperationThenTime(a: ManagedFields, b: ManagedFields): number {
  const [one, other] = [a, b].map(({ operation = '', time = '', manager = '' }) => [operation, time, manager].join('|'))
  return (one ?? '') < (other ?? '') ? -1 : 1
}

function addEntry(entries: ManagedFields[], entry: ManagedFields, paths: Set<string>): void {
  if (paths.size === 0) return
  entries.push({ ...entry, fieldsV1: fieldsOf(paths) })
}

function isSame(entry: ManagedFields, writer: Writer): boolean {
  return (
    entry.manager === writer.manager &&
    entry.operation === writer.operation &&
    (entry.subresource ?? '') === (writer.subresource ?? '')
  )
}

function fieldsOf(paths: Set<string>): Record<string, unknown> {
  const root: Record<string, unknown> = {}
  for (const path of paths) {
    let node = root
    for (const segment of path.split(SEPARATOR)) node = (node[segment] ??= {}) as Record<string, unknown>
  }
  return root
}

export interface Applied {
  object: KubeObject
  /** Paths the applier names and so owns from now on. */
  named: Set<string>
  /** Fields of others with another value, as `manager: path`. */
  conflicts: string[]
}

/** What the live object becomes when `given` is applied to it by `manager`. */
export function applyTo(live: KubeObject, given: KubeObject, manager: string): Applied {
  const wanted = leavesOf(given)
  const current = leavesOf(live)
  const conflicts: string[] = []
  let previous = new Set<string>()
  const others = new Set<string>()
  for (const entry of live.metadata.managedFields ?? []) {
    const mine = entry.manager === manager && entry.operation === 'Apply'
    for (const path of ownedBy(entry)) {
      if (mine) previous = previous.add(path)
      else {
        others.add(path)
        const wants = wanted.get(path)
        if (wants !== undefined && wants !== current.get(path))
          conflicts.push(`${entry.manager ?? ''}: ${readable(path)}`)
      }
    }
  }
  const object = structuredClone(live)
  for (const [path, value] of wanted) setAt(object, path.split(SEPARATOR), JSON.parse(value))
  for (const path of previous) if (!wanted.has(path) && !others.has(path)) removeAt(object, path.split(SEPARATOR))
  return { object, named: new Set(wanted.keys()), conflicts }
}

function readable(path: string): string {
  return path
    .split(SEPARATOR)
    .map((segment) => (segment.startsWith('f:') ? `.${segment.slice(2)}` : `[${segment.slice(2)}]`))
    .join('')
}

function setAt(root: unknown, path: string[], value: unknown): void {
  let node = root
  path.forEach((segment, index) => {
    const last = index === path.length - 1
    const nextIsItem = path[index + 1]?.startsWith('k:') === true
    if (segment.startsWith('k:')) {
      const { name } = JSON.parse(segment.slice(2)) as { name: string }
      const list = node as { name: string }[]
      let item = list.find((candidate) => candidate.name === name)
      if (item === undefined) list.push((item = { name }))
      node = item
    } else {
      const map = node as Record<string, unknown>
      const key = segment.slice(2)
      if (last) map[key] = value
      else if (nextIsItem ? !Array.isArray(map[key]) : !isMap(map[key])) map[key] = nextIsItem ? [] : {}
      node = map[key]
    }
  })
}

function removeAt(root: unknown, path: string[]): void {
  const [segment = '', ...rest] = path
  if (segment.startsWith('k:')) {
    const list = root as { name: string }[]
    const { name } = JSON.parse(segment.slice(2)) as { name: string }
    const at = list.findIndex((candidate) => candidate.name === name)
    if (at < 0) return
    removeAt(list[at], rest)
    if (Object.keys(list[at] ?? {}).length === 0) list.splice(at, 1)
    return
  }
  const map = root as Record<string, unknown>
  const key = segment.slice(2)
  if (rest.length === 0) delete map[key]
  else if (map[key] !== undefined) {
    removeAt(map[key], rest)
    const left = map[key]
    if (typeof left === 'object' && left !== null && Object.keys(left).length === 0) delete map[key]
  }
}
