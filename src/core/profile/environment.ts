// The environment a container gets, worked out from its specification and the objects it refers to, as the kubelet does it
// (kubernetes/pkg/kubelet/kubelet_pods.go, makeEnvironmentVariables): envFrom in order, then env in order, the later wins.
import { listOf, recordOf, textOf, valueAt } from '../json.ts'
import type { JsonRecord } from '../json.ts'
import { Secret, secret } from '../secret.ts'

/** What containers refer to, by name; an object that is not there is missing. Values of Secrets are decoded. */
export interface Sources {
  configMaps: Record<string, Record<string, string>>
  secrets: Record<string, Record<string, Secret>>
}

/** Where a variable's value comes from. */
export type Origin = { kind: 'env' } | { kind: 'ConfigMap' | 'Secret'; name: string; key: string }

export interface Variable {
  /** A value that is secret, or made with one that is, is a `Secret`; absent where it cannot be known. */
  value?: string | Secret
  /** Why it cannot be known. */
  why?: string
  origin: Origin
}

export type Environment = Map<string, Variable>

export function environmentOf(container: JsonRecord, sources: Sources): Environment {
  const found: Environment = new Map()
  for (const entry of listOf(container['envFrom'])) {
    for (const [key, variable] of variablesFrom(entry, sources))
      found.set(`${textOf(valueAt(entry, 'prefix')) ?? ''}${key}`, variable)
  }
  for (const entry of listOf(container['env'])) {
    const name = textOf(valueAt(entry, 'name'))
    const variable = variableOf(recordOf(entry), sources, found)
    if (name !== undefined && variable !== undefined) found.set(name, variable)
  }
  return found
}

function variablesFrom(entry: unknown, { configMaps, secrets }: Sources): [string, Variable][] {
  const [map, hidden] = [textOf(valueAt(entry, 'configMapRef.name')), textOf(valueAt(entry, 'secretRef.name'))]
  if (map !== undefined) {
    const data = Object.entries(configMaps[map] ?? {})
    return data.map(([key, value]) => [key, { value, origin: { kind: 'ConfigMap', name: map, key } }])
  }
  if (hidden === undefined) return []
  const data = Object.entries(secrets[hidden] ?? {})
  return data.map(([key, value]) => [key, { value, origin: { kind: 'Secret', name: hidden, key } }])
}

/** `undefined` where a reference that may be missing is. */
function variableOf(entry: JsonRecord, sources: Sources, before: Environment): Variable | undefined {
  const from = recordOf(entry['valueFrom'])
  for (const [field, kind] of REFERENCES) {
    const ref = from[field]
    if (ref === undefined) continue
    const [name, key] = [textOf(valueAt(ref, 'name')) ?? '', textOf(valueAt(ref, 'key')) ?? '']
    const origin: Origin = { kind, name, key }
    const value = kind === 'Secret' ? sources.secrets[name]?.[key] : sources.configMaps[name]?.[key]
    if (value !== undefined) return { value, origin }
    return valueAt(ref, 'optional') === true ? undefined : { why: `${kind} ${name} has no key ${key}`, origin }
  }
  const origin: Origin = { kind: 'env' }
  if (Object.keys(from).length > 0) return { why: 'its value is known to the pod alone', origin }
  return { ...expand(textOf(entry['value']) ?? '', before), origin }
}

const REFERENCES = [
  ['configMapKeyRef', 'ConfigMap'],
  ['secretKeyRef', 'Secret'],
] as const

/** `$(NAME)` is what was set before it, `$$(NAME)` is `$(NAME)`. A name nobody set may be one of the cluster's own variables. */
function expand(text: string, before: Environment): Pick<Variable, 'value' | 'why'> {
  let hidden = false
  let why: string | undefined
  const value = text.replace(/\$\$|\$\(([^)]*)\)/g, (whole, name: string | undefined) => {
    if (name === undefined) return '$'
    const inner = before.get(name)
    if (inner?.value === undefined) why ??= `it refers to ${name}, which is known to the pod alone`
    if (inner?.value instanceof Secret) hidden = true
    return inner?.value === undefined ? whole : plainOf(inner.value)
  })
  if (why !== undefined) return { why }
  return { value: hidden ? secret(value) : value }
}

/** For comparing only. */
export function plainOf(value: string | Secret): string {
  return typeof value === 'string' ? value : value.reveal()
}

/** Where it comes from, as a person would look for it. */
export function originTitle(origin: Origin): string {
  return origin.kind === 'env' ? 'env' : `${origin.kind} ${origin.name}`
}
