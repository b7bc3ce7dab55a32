// A release stands up again where nothing is left of it, as far as an ordinary recovery needs it: its Secrets, its objects with
// every Deployment at 0, an empty database server, and Helm's record. Data, and what serves them, come with the recovery.
import { parseSetFacts, SET_FACTS } from '../../core/backup/set-facts.ts'
import type { DataProgress } from '../../core/data/tasks.ts'
import { PawlError } from '../../core/errors.ts'
import { isRecord, listOf, recordOf, textOf, valueAt, type JsonRecord } from '../../core/json.ts'
import { kindOf, objectName, objectsOf, objectTitle } from '../../core/rendered/objects.ts'
import type { KubeObject } from '../../ports/cluster.ts'
import type { Clock } from '../../ports/world.ts'
import { fileOf, textOfFile } from '../release/files.ts'
import { registerSet, type FoundSet, type Place } from './register.ts'
import { untilUnbound } from './unbound.ts'

export interface StandUpDeps extends Place {
  clock: Clock
  parseYaml: (text: string) => unknown[]
  report: (progress: DataProgress) => void
  /** How long a database server may take to become ready. */
  timeoutMs: number
}

/** What would begin to work on an empty database; Helm makes them with the recovery's own revision. */
const COMES_LATER = new Set(['Job', 'CronJob', 'HorizontalPodAutoscaler'])
const LOOK_MS = 1_000

/** Whether Helm knows the release here; the record is the last thing that `standUp` makes. */
export async function recordIsThere({ cluster, namespace, release, signal }: Place): Promise<boolean> {
  const labelSelector = `owner=helm,name=${release}`
  const query = { apiVersion: 'v1', kind: 'Secret', namespace, labelSelector, metadataOnly: true }
  return (await cluster.list(query, signal)).length > 0
}

/** Idempotent: what is there already is left as it is. */
export async function standUp(deps: StandUpDeps, found: FoundSet): Promise<void> {
  const files = found.files
  const facts = parseSetFacts(files[SET_FACTS])
  await registerSet(deps, found)
  const referenced: unknown = JSON.parse(textOfFile(files, found.name, 'objects.json'))
  for (const object of listOf(referenced).filter(isRecord)) await makeIfAbsent(deps, object)
  const objects = objectsOf(deps.parseYaml(textOfFile(files, found.name, 'manifest.yaml')))
  for (const object of objects.filter((one) => !COMES_LATER.has(kindOf(one))))
    await makeIfAbsent(deps, asleep(deps, object))
  await untilServersReady(deps, objects)
  await putRecordBack(deps, facts.revision, fileOf(files, found.name, 'record.json'))
}

/** As Helm itself would have made it, except that no Deployment runs. */
function asleep({ namespace, release }: StandUpDeps, object: JsonRecord): JsonRecord {
  const metadata = recordOf(object['metadata'])
  const owned = {
    ...metadata,
    labels: { ...recordOf(metadata['labels']), 'app.kubernetes.io/managed-by': 'Helm' },
    annotations: {
      ...recordOf(metadata['annotations']),
      'meta.helm.sh/release-name': release,
      'meta.helm.sh/release-namespace': namespace,
    },
  }
  if (kindOf(object) !== 'Deployment') return { ...object, metadata: owned }
  return { ...object, metadata: owned, spec: { ...recordOf(object['spec']), replicas: 0 } }
}

async function makeIfAbsent(deps: StandUpDeps, object: JsonRecord): Promise<void> {
  const { cluster, signal } = deps
  const namespace = textOf(valueAt(object, 'metadata.namespace')) ?? deps.namespace
  const ref = {
    apiVersion: textOf(object['apiVersion']) ?? '',
    kind: kindOf(object),
    name: objectName(object),
    namespace,
  }
  if ((await cluster.get(ref, signal)) !== undefined) return
  deps.report({ phase: 'stand up', note: objectTitle(object) })
  // In Helm's name: it goes on with these objects in its next revision.
  const apply = async (): Promise<unknown> =>
    await cluster.apply(object as unknown as KubeObject, { manager: 'helm', force: true }, signal)
  await untilUnbound(deps, apply)
}

/** Every StatefulSet of the release is ready: the database server, where the release brings its own. */
async function untilServersReady(deps: StandUpDeps, objects: readonly JsonRecord[]): Promise<void> {
  const { cluster, namespace, signal, clock } = deps
  const names = objects.filter((object) => kindOf(object) === 'StatefulSet').map(objectName)
  const deadline = clock.now().getTime() + deps.timeoutMs
  for (;;) {
    const waiting: string[] = []
    for (const name of names) {
      const object = await cluster.get({ apiVersion: 'apps/v1', kind: 'StatefulSet', namespace, name }, signal)
      const wanted = valueAt(object, 'spec.replicas') ?? 1
      if ((valueAt(object, 'status.readyReplicas') ?? 0) !== wanted) waiting.push(name)
    }
    if (waiting.length === 0) return
    if (clock.now().getTime() > deadline)
      throw new PawlError({
        code: 'rollout-stuck',
        message: `StatefulSet ${waiting.join(', ')} does not become ready`,
        unchanged: 'No data was restored yet.',
        hint: 'Find out why ("kubectl describe"), then type the same command again: it goes on where it was.',
        facts: { release: deps.release, namespace },
      })
    deps.report({ phase: 'wait', note: `StatefulSet ${waiting.join(', ')} to be ready` })
    await clock.sleep(LOOK_MS, signal)
  }
}

/** Helm keeps a release as Secrets of this form: https://helm.sh/docs/topics/advanced/#storage-backends */
async function putRecordBack(deps: StandUpDeps, revision: number, raw: Uint8Array): Promise<void> {
  const { cluster, namespace, release, signal } = deps
  if (await recordIsThere(deps)) return
  const labels = { name: release, owner: 'helm', status: 'deployed', version: String(revision) }
  const record = {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'helm.sh/release.v1',
    metadata: { name: `sh.helm.release.v1.${release}.v${revision}`, namespace, labels },
    data: { release: Buffer.from(raw).toString('utf8') },
  }
  await untilUnbound(deps, async () => await cluster.create(record, {}, signal))
}
