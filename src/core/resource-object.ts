// Reading custom resources: the shape every object has, and what is said of one that cannot be read.
import { PawlError } from './errors.ts'
import { textOf } from './json.ts'
import type { JsonRecord } from './json.ts'

/** A Kubernetes object, as far as these readers need it; every `KubeObject` of the cluster port is one. */
export interface ResourceObject {
  apiVersion: string
  kind: string
  metadata: {
    name: string
    namespace?: string
    resourceVersion?: string
    creationTimestamp?: string
    labels?: Record<string, string>
    annotations?: Record<string, string>
  }
  [field: string]: unknown
}

/** Throw it: the object is there and does not say what it must. */
export function invalid(object: ResourceObject, what: string): PawlError {
  const name = `${object.kind}/${object.metadata.name}`
  return new PawlError({ code: 'input-invalid', message: `${name} is not readable: ${what}`, facts: { object: name } })
}

/** A text that must be there and not empty; throws `input-invalid`. */
export function required(object: ResourceObject, part: JsonRecord, field: string): string {
  const value = textOf(part[field])
  if (value === undefined || value === '') throw invalid(object, `expected a text in "${field}"`)
  return value
}
