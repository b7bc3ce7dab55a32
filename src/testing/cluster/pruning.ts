// An API server drops, without a word, what a resource's definition does not know.
import { CRDS } from '../../core/crds.ts'
import { isRecord, listOf, recordOf, textOf, valueAt } from '../../core/json.ts'
import { API_VERSION } from '../../core/resources.ts'
import type { KubeObject } from '../../ports/cluster.ts'

const SCHEMAS = new Map(
  CRDS.map((definition) => {
    const [version] = listOf(valueAt(definition, 'spec.versions'))
    return [
      textOf(valueAt(definition, 'spec.names.kind')) ?? '',
      recordOf(valueAt(recordOf(version), 'schema.openAPIV3Schema')),
    ]
  }),
)

/** https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#field-pruning */
export function prunedAsDefined(object: KubeObject): KubeObject {
  const schema = object.apiVersion === API_VERSION ? SCHEMAS.get(object.kind) : undefined
  if (schema === undefined) return object
  const { apiVersion, kind, metadata, ...rest } = object
  return { apiVersion, kind, metadata, ...recordOf(pruned(rest, schema)) }
}

function pruned(value: unknown, schema: Record<string, unknown>): unknown {
  if (Array.isArray(value)) {
    const items = recordOf(schema['items'])
    return value.map((item: unknown) => pruned(item, items))
  }
  if (!isRecord(value) || schema['x-kubernetes-preserve-unknown-fields'] === true) return value
  if (schema['additionalProperties'] !== undefined) return value
  const properties = recordOf(schema['properties'])
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, inner]) =>
      name in properties ? [[name, pruned(inner, recordOf(properties[name]))]] : [],
    ),
  )
}
