// A write as the API server shows it to admission policies: made from an object, what was there before, and the time.
import { isRecord, listOf, recordOf, textOf, valueAt } from '../json.ts'
import type { JsonRecord } from '../json.ts'
import { kindOf, objectName } from '../rendered/objects.ts'
import type { Policy } from './policies.ts'

export interface AdmissionRequest {
  attributes: {
    operation: 'CREATE' | 'UPDATE' | 'DELETE'
    namespace: string
    name: string
    kind: { group: string; version: string; kind: string }
    resource: { group: string; version: string; resource: string }
    subResource?: string
  }
  object?: JsonRecord
  oldObject?: JsonRecord
}

const PLURALS: Record<string, string> = {
  ConfigMap: 'configmaps',
  CronJob: 'cronjobs',
  DaemonSet: 'daemonsets',
  Deployment: 'deployments',
  Job: 'jobs',
  Pod: 'pods',
  ReleaseGuard: 'releaseguards',
  ReplicaSet: 'replicasets',
  ReplicationController: 'replicationcontrollers',
  Secret: 'secrets',
  StatefulSet: 'statefulsets',
}

interface Write {
  object: JsonRecord
  /** Absent: it is created. */
  before?: JsonRecord
  namespace: string
  now: Date
}

/** The request of a write, with the times that the API server would put on the object. */
export function writeRequest({ object, before, namespace, now }: Write): AdmissionRequest {
  const at = now.toISOString().replace(/\.\d{3}Z$/, 'Z')
  const metadata = recordOf(object['metadata'])
  const stamped =
    before === undefined
      ? { ...metadata, namespace, creationTimestamp: at }
      : { ...metadata, namespace, managedFields: [{ manager: 'somebody', operation: 'Update', time: at }] }
  return {
    attributes: attributesOf(object, before === undefined ? 'CREATE' : 'UPDATE', namespace),
    object: { ...object, metadata: stamped },
    ...(before === undefined ? {} : { oldObject: before }),
  }
}

export function deleteRequest(object: JsonRecord, namespace: string): AdmissionRequest {
  return { attributes: attributesOf(object, 'DELETE', namespace), oldObject: object }
}

/** `kubectl scale` and autoscalers write this subresource, which has the number and no image. */
export function scaleRequest(workload: JsonRecord, replicas: number, namespace: string): AdmissionRequest {
  const scale = (count: unknown): JsonRecord => ({
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: { name: objectName(workload), namespace },
    spec: count === 0 ? {} : { replicas: count },
  })
  const attributes = attributesOf(workload, 'UPDATE', namespace)
  return {
    attributes: {
      ...attributes,
      kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
      subResource: 'scale',
    },
    object: scale(replicas),
    oldObject: scale(valueAt(workload, 'spec.replicas') ?? 1),
  }
}

function attributesOf(
  object: JsonRecord,
  operation: AdmissionRequest['attributes']['operation'],
  namespace: string,
): AdmissionRequest['attributes'] {
  const [version = '', group = ''] = (textOf(object['apiVersion']) ?? 'v1').split('/').toReversed()
  const kind = kindOf(object)
  return {
    operation,
    namespace,
    name: objectName(object),
    kind: { group, version, kind },
    resource: { group, version, resource: PLURALS[kind] ?? kind.toLowerCase() },
  }
}

/** Does a policy look at such requests at all? */
export function isWatched({ spec }: Policy, { attributes, object, oldObject }: AdmissionRequest): boolean {
  const { group, resource } = attributes.resource
  const named = attributes.subResource === undefined ? resource : `${resource}/${attributes.subResource}`
  const has = (rule: JsonRecord, field: string, value: string): boolean => listOf(rule[field]).includes(value)
  const rules = listOf(spec.matchConstraints['resourceRules']).map(recordOf)
  const byRule = rules.some(
    (rule) =>
      has(rule, 'apiGroups', group) && has(rule, 'operations', attributes.operation) && has(rule, 'resources', named),
  )
  const wanted = recordOf(valueAt(spec.matchConstraints, 'objectSelector.matchLabels'))
  const selects = (candidate: JsonRecord | undefined): boolean =>
    isRecord(candidate) &&
    Object.entries(wanted).every(([key, value]) => recordOf(valueAt(candidate, 'metadata.labels'))[key] === value)
  return byRule && (Object.keys(wanted).length === 0 || selects(object) || selects(oldObject))
}
