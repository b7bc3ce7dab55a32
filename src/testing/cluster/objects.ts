// Small questions about objects that the in-memory cluster asks all the time.
import type { KubeObject, ObjectMeta, WriteOptions } from '../../ports/cluster.ts'
import { PawlError } from '../../core/errors.ts'
import type { Writer } from './ownership.ts'
import { prunedAsDefined } from './pruning.ts'

export function updater(options: WriteOptions & { subresource?: string }): Writer {
  const { manager = 'pawl', subresource } = options
  return subresource === undefined ? { manager, operation: 'Update' } : { manager, operation: 'Update', subresource }
}

export function conflict(message: string, facts: Record<string, unknown> = {}): PawlError {
  return new PawlError({ code: 'cluster-conflict', message, facts })
}

export function keyOf({ apiVersion, kind, metadata }: KubeObject): string {
  return [apiVersion, kind, metadata.namespace ?? '', metadata.name].join('|')
}

export function placeOf({ name, namespace }: ObjectMeta): ObjectMeta {
  return namespace === undefined ? { name } : { name, namespace }
}

/** What a writer cannot set; owners of fields it may, but need not. */
export function systemMeta(live: ObjectMeta, given: ObjectMeta): Partial<ObjectMeta> {
  const { name, namespace, uid, creationTimestamp, generation, resourceVersion, deletionTimestamp } = live
  const managedFields = given.managedFields ?? live.managedFields
  const kept = {
    name,
    namespace,
    uid,
    creationTimestamp,
    generation,
    resourceVersion,
    managedFields,
    deletionTimestamp,
  }
  return Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined))
}

export function specOf({ metadata: _metadata, status: _status, ...rest }: KubeObject): Record<string, unknown> {
  return rest
}

export function comparable(object: KubeObject): string {
  const { resourceVersion: _version, generation: _generation, managedFields = [], ...metadata } = object.metadata
  const owners = managedFields.map(({ time: _time, ...entry }) => entry)
  return JSON.stringify(sorted({ ...object, metadata: { ...metadata, owners } }))
}

export function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, child]) => child !== undefined)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, child]) => [key, sorted(child)]),
  )
}

/** What the real server stores differently from what it is given: `stringData` becomes `data`, and what no definition knows is gone. */
export function normal(object: KubeObject): KubeObject {
  if (object.kind !== 'Secret' || object.stringData === undefined) return prunedAsDefined(object)
  const { stringData, ...rest } = object
  const encoded = Object.entries(stringData as Record<string, string>).map(([key, value]) => [
    key,
    Buffer.from(value).toString('base64'),
  ])
  return { ...rest, data: { ...(object.data as object | undefined), ...Object.fromEntries(encoded) } } as KubeObject
}

/** As every call of a real one, this takes a turn of the loop and heeds its signal. */
export async function turn(signal?: AbortSignal): Promise<void> {
  await Promise.resolve()
  signal?.throwIfAborted()
}
