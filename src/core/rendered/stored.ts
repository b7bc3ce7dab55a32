// What an upgrade would change in the cluster: each object as it is, beside the same object as the API server would store it.
import type { JsonRecord } from '../json.ts'
import { isRecord, textOf, valueAt } from '../json.ts'
import type { PlannedChange } from '../plan/plan.ts'
import type { ExpectedDatabase } from '../profile/databases.ts'
import { changesBetween } from './diff.ts'
import { withoutServerFields } from './normal.ts'
import { kindOf, objectName, objectTitle } from './objects.ts'

/** One object of the target. */
export interface Stored {
  /** As it is now; absent where there is none of that name. */
  live?: JsonRecord
  /** As the server would store it; where it would not tell, as it was rendered. */
  stored: JsonRecord
}

/** What differs between two renderings of the same chart and values. */
export interface Volatile {
  /** `Kind/name`. */
  object: string
  fields: string[]
  /** True where all of it is certificates and their keys: charts that sign their own make new ones at each rendering. */
  certificate: boolean
}

const KEPT = 'helm.sh/resource-policy'
/** Fields that only TLS material stands in. */
const CERTIFICATE_FIELD = /^(data|stringData)\.(tls\.crt|tls\.key|ca\.crt|ca\.key|caBundle|.*\.(pem|crt|cert))$/

export interface StoredChange {
  targets: readonly Stored[]
  /** Live objects of the installed release that the target does not have. */
  leaving: readonly JsonRecord[]
  volatile: readonly Volatile[]
  databases: readonly ExpectedDatabase[]
  /** Deployments whose number of replicas Pawl gives back after the upgrade. */
  numberGivenBack: ReadonlySet<string>
}

/** Storage first, then what databases are reached by, then what goes, then the rest; by name within each. */
export function storedChanges({
  targets,
  leaving,
  volatile,
  databases,
  numberGivenBack,
}: StoredChange): PlannedChange[] {
  const going = leaving.filter((object) => valueAt(object, ['metadata', 'annotations', KEPT]) !== 'keep')
  const before = [...targets.flatMap(({ live }) => (live === undefined ? [] : [live])), ...going]
  const changes = changesBetween(
    before.map(withoutServerFields),
    targets.map(({ stored }) => withoutServerFields(stored)),
  )
  const topicOf = topics([...before, ...targets.map(({ stored }) => stored)], databases)
  return changes
    .map((change) => explained(change, volatile, numberGivenBack))
    .filter((change) => change !== undefined)
    .map((change) => {
      const topic = topicOf.get(change.object)
      return topic === undefined ? change : { ...change, topic }
    })
    .toSorted((a, b) => rank(a) - rank(b) || (a.object < b.object ? -1 : 1))
}

function rank({ topic, change }: PlannedChange): number {
  if (topic === 'storage') return 0
  if (topic === 'database') return 1
  return change === 'remove' ? 2 : 3
}

const REPLICAS = /^spec\.replicas: /

function explained(
  change: PlannedChange,
  volatile: readonly Volatile[],
  numberGivenBack: ReadonlySet<string>,
): PlannedChange | undefined {
  const anew = volatile.find(({ object }) => object === change.object)
  const given =
    change.object.startsWith('Deployment/') && numberGivenBack.has(change.object.slice('Deployment/'.length))
  const details = change.details
    .filter((line) => !(given && REPLICAS.test(line)))
    .map((line) => {
      const field = line.slice(0, line.indexOf(': '))
      if (anew?.fields.includes(field) !== true) return line
      return `${line} (${anew.certificate ? 'a new self-signed certificate at every upgrade' : 'another value at every rendering'})`
    })
  return change.change === 'change' && details.length === 0 ? undefined : { ...change, details }
}

const STORAGE = new Set(['PersistentVolume', 'PersistentVolumeClaim', 'StatefulSet', 'StorageClass'])

/** By title. A database is reached by what its ConfigMaps say and by the Secret with its password. */
function topics(
  objects: readonly JsonRecord[],
  databases: readonly ExpectedDatabase[],
): Map<string, NonNullable<PlannedChange['topic']>> {
  const reached = new Set(
    databases.flatMap(({ target, evidence }) => [
      `ConfigMap/${evidence?.configMap}`,
      ...[target.login.password, target.admin?.password].map((ref) => `Secret/${ref?.secret}`),
      `Service/${target.host.split('.')[0]}`,
    ]),
  )
  const found = new Map<string, NonNullable<PlannedChange['topic']>>()
  for (const object of objects) {
    const title = objectTitle(object)
    if (STORAGE.has(kindOf(object))) found.set(title, 'storage')
    else if (reached.has(title)) found.set(title, 'database')
  }
  return found
}

/** Renderings of the same chart with the same values; what differs nevertheless is drawn anew each time. */
export function volatileBetween(one: readonly JsonRecord[], other: readonly JsonRecord[]): Volatile[] {
  return changesBetween(one, other)
    .filter(({ change }) => change === 'change')
    .map(({ object, details }) => {
      const fields = details.map((line) => line.slice(0, line.indexOf(': ')))
      return { object, fields, certificate: fields.every((field) => CERTIFICATE_FIELD.test(field)) }
    })
}

/** What Helm adds to everything it applies (helm/pkg/action/validate.go); without it a server-side apply would take it away. */
export function asHelmApplies(object: JsonRecord, release: { name: string; namespace: string }): JsonRecord {
  const metadata = isRecord(object['metadata']) ? object['metadata'] : {}
  return {
    ...object,
    metadata: {
      ...metadata,
      labels: { ...recordAt(metadata, 'labels'), 'app.kubernetes.io/managed-by': 'Helm' },
      annotations: {
        ...recordAt(metadata, 'annotations'),
        'meta.helm.sh/release-name': release.name,
        'meta.helm.sh/release-namespace': release.namespace,
      },
    },
  }
}

function recordAt(record: JsonRecord, key: string): JsonRecord {
  const value = record[key]
  return isRecord(value) ? value : {}
}

/** Kinds that the manifest itself defines: the server does not know them yet, and that is no fault. */
export function kindsDefinedIn(objects: readonly JsonRecord[]): Set<string> {
  const definitions = objects.filter((object) => kindOf(object) === 'CustomResourceDefinition')
  return new Set(definitions.map((object) => textOf(valueAt(object, 'spec.names.kind')) ?? objectName(object)))
}

/**
 * The change Helm 3 makes: what the new manifest says over what is there, without what the old manifest said and the new one does not.
 * As a JSON merge patch, whose lists replace each other; Helm merges those of built-in kinds item by item.
 */
export function mergePatch(old: JsonRecord, next: JsonRecord): JsonRecord {
  const patch: JsonRecord = structuredClone(next)
  for (const [key, before] of Object.entries(old)) {
    const after = next[key]
    if (after === undefined) patch[key] = null
    else if (isRecord(before) && isRecord(after)) patch[key] = mergePatch(before, after)
  }
  return patch
}
