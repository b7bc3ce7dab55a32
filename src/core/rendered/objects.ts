// Reading Kubernetes objects that were parsed from a manifest or come from the cluster: names, pods, images, references.
import { isRecord, listOf, recordOf, textOf, valueAt } from '../json.ts'
import type { JsonRecord } from '../json.ts'

/** Only what is a Kubernetes object: a manifest has empty documents too; a `List` counts as its items. */
export function objectsOf(documents: readonly unknown[]): JsonRecord[] {
  return documents.flatMap((document) => {
    if (!isRecord(document) || textOf(document['kind']) === undefined) return []
    return document['kind'] === 'List' ? objectsOf(listOf(document['items'])) : [document]
  })
}

export function kindOf(object: JsonRecord): string {
  return textOf(object['kind']) ?? ''
}

export function objectName(object: JsonRecord): string {
  return textOf(valueAt(object, 'metadata.name')) ?? ''
}

/** `Kind/name`, as people read it. */
export function objectTitle(object: JsonRecord): string {
  return `${kindOf(object)}/${objectName(object)}`
}

export function findObject(objects: readonly JsonRecord[], kind: string, name: string): JsonRecord | undefined {
  return objects.find((object) => kindOf(object) === kind && objectName(object) === name)
}

const POD_SPEC_AT: Record<string, string> = {
  Pod: 'spec',
  CronJob: 'spec.jobTemplate.spec.template.spec',
}

/** The pod a workload makes; empty for objects that make none. */
export function podSpecOf(object: JsonRecord): JsonRecord {
  return recordOf(valueAt(object, POD_SPEC_AT[kindOf(object)] ?? 'spec.template.spec'))
}

function containersIn(pod: JsonRecord, list: 'containers' | 'initContainers'): JsonRecord[] {
  return listOf(pod[list]).map(recordOf)
}

/** Images of a workload's containers and init containers. */
export function imagesOf(object: JsonRecord): string[] {
  const pod = podSpecOf(object)
  return [...containersIn(pod, 'initContainers'), ...containersIn(pod, 'containers')]
    .map((container) => textOf(container['image']))
    .filter((image) => image !== undefined)
}

export function initContainersOf(object: JsonRecord): string[] {
  return containersIn(podSpecOf(object), 'initContainers')
    .map((container) => textOf(container['name']))
    .filter((name) => name !== undefined)
}

export interface References {
  secrets: Set<string>
  configMaps: Set<string>
}

/** Secrets and ConfigMaps that a workload's pod takes in, by env, envFrom, volume or projected volume. */
export function referencesOf(object: JsonRecord): References {
  const found: References = { secrets: new Set(), configMaps: new Set() }
  collect(podSpecOf(object), found)
  return found
}

function collect(value: unknown, found: References): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, found)
    return
  }
  for (const [key, inner] of Object.entries(recordOf(value))) {
    const name = textOf(valueAt(inner, 'name'))
    if ((key === 'secretKeyRef' || key === 'secretRef') && name !== undefined) found.secrets.add(name)
    if ((key === 'configMapKeyRef' || key === 'configMapRef' || key === 'configMap') && name !== undefined)
      found.configMaps.add(name)
    if (key === 'secret') {
      const secret = textOf(valueAt(inner, 'secretName')) ?? name
      if (secret !== undefined) found.secrets.add(secret)
    }
    collect(inner, found)
  }
}
