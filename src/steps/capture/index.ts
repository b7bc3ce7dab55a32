// Capture: the half of the recovery pair that is not data. Chart, values and record of the installed release, and every Secret and
// ConfigMap they refer to, are put into one Secret that the backup set stores, encrypted, beside the archives.
import { SET_FACTS, type SetFacts } from '../../core/backup/set-facts.ts'
import { PawlError } from '../../core/errors.ts'
import { imagesOfRelease } from '../../core/images/release.ts'
import { canonicalJson, listOf, recordOf, textOf, valueAt } from '../../core/json.ts'
import { objectsOf } from '../../core/rendered/objects.ts'
import type { ReleaseRecord } from '../../ports/helm.ts'
import { productOf } from '../backup/index.ts'
import { databasesOfRun } from '../look.ts'
import { readRecords } from '../preflight/record.ts'
import { writersInSpec } from '../quiesce/index.ts'
import { namesInManifest } from '../release/manifest.ts'
import { fileOf, readFiles, writeFiles, type Files } from '../release/files.ts'
import { releaseFilesSecret, runFilesSecret, runId, runOfMark } from '../names.ts'
import type { Step, StepContext } from '../step.ts'
import { readDeployments } from '../workloads/deployments.ts'

/** A Secret holds less than 1 MiB. */
const MOST_BYTES = 900_000

function sizeOf(files: Files): number {
  return Object.values(files).reduce((sum, bytes) => sum + bytes.length, 0)
}

export const capture: Step = {
  name: 'capture',
  async observe(context) {
    const name = releaseFilesSecret(runId(context.run, context.release))
    const files = await readFiles(context.cluster, context.namespace, name, context.signal)
    if (files === undefined) return { is: 'todo' }
    return {
      is: 'done',
      evidence: { secret: name, files: Object.keys(files).toSorted(), deployments: await deploymentsNow(context) },
    }
  },
  async act(context) {
    const record = await runningRecord(context)
    const runFiles = await readFiles(context.cluster, context.namespace, runFilesSecret(context.run), context.signal)
    const needed: Files = {
      'chart.tgz': fileOf(runFiles, runFilesSecret(context.run), 'from-chart.tgz'),
      'values.json': Buffer.from(JSON.stringify(record.config)),
      'record.json': Buffer.from(record.raw),
      'manifest.yaml': Buffer.from(record.manifest),
      [SET_FACTS]: Buffer.from(JSON.stringify(await setFacts(context, record))),
      'objects.json': Buffer.from(JSON.stringify(await referencedObjects(context, context.parseYaml(record.manifest)))),
    }
    const given = await givenValues(context, record)
    // Nothing is restored from those: where they have no room, they stay out.
    const files = sizeOf({ ...given, ...needed }) > MOST_BYTES ? needed : { ...given, ...needed }
    const size = sizeOf(files)
    if (size > MOST_BYTES) {
      throw new PawlError({
        code: 'input-invalid',
        message: `chart, values and record of the release are ${size} bytes together; a Secret holds less than 1 MiB`,
        unchanged: 'Nothing of the product was changed.',
      })
    }
    const name = releaseFilesSecret(runId(context.run, context.release))
    await writeFiles(
      context.cluster,
      { namespace: context.namespace, name, labels: { 'pawl.dev/release': context.release } },
      files,
      context.signal,
    )
  },
}

/** What belongs to the data: what was deployed last, as the plan sees it too; a revision that failed since never served. */
async function runningRecord(context: StepContext): Promise<ReleaseRecord> {
  const { latest, installed } = await readRecords(context, context, context.signal)
  return installed ?? latest
}

/** The values files as they were given, in order, where the release was written by a run of ours: Helm keeps only their sum. */
async function givenValues(context: StepContext, record: ReleaseRecord): Promise<Files> {
  const run = runOfMark(record.description)
  if (run === undefined) return {}
  const files = await readFiles(context.cluster, context.namespace, runFilesSecret(run), context.signal)
  return Object.fromEntries(Object.entries(files ?? {}).filter(([name]) => /^values-\d+\.yaml$/.test(name)))
}

/** For a place where nothing but the set is left. */
async function setFacts(context: StepContext, record: ReleaseRecord): Promise<SetFacts> {
  const { profile, dataImage, recipients, charts } = context.installation
  return {
    version: 1,
    product: productOf(context),
    writers: writersInSpec(context),
    targets: databasesOfRun(context),
    revision: record.revision,
    images: await imagesNow(context, record.manifest),
    installation: { profile, dataImage, recipients, ...(charts === undefined ? {} : { charts }) },
  }
}

async function imagesNow(context: StepContext, manifest: string): Promise<SetFacts['images']> {
  const { cluster, namespace, signal } = context
  const pods = await cluster.list({ apiVersion: 'v1', kind: 'Pod', namespace }, signal)
  return imagesOfRelease(objectsOf(context.parseYaml(manifest)), pods)
}

/** What ran before the run, by name: given back when the run is over. */
export interface DeploymentBefore {
  name: string
  replicas: number
  autoscaler?: string
  scaledBy?: string
}

async function deploymentsNow(context: StepContext): Promise<DeploymentBefore[]> {
  const record = await runningRecord(context)
  const names = namesInManifest(context.parseYaml(record.manifest), 'Deployment')
  const views = await readDeployments(context.cluster, context.namespace, names, context.signal)
  return views.map(({ name, replicas, autoscaler, scaledBy }) => ({
    name,
    replicas,
    ...(autoscaler === undefined ? {} : { autoscaler }),
    ...(scaledBy === undefined ? {} : { scaledBy }),
  }))
}

/** Secrets and ConfigMaps that pods of the release use and that the release itself does not make. */
async function referencedObjects(context: StepContext, manifest: unknown[]): Promise<unknown[]> {
  const own = new Set(
    manifest.map((object) => `${String(recordOf(object)['kind'])}/${String(valueAt(object, 'metadata.name'))}`),
  )
  const wanted = new Set<string>()
  collect(manifest, wanted)
  const objects: unknown[] = []
  for (const reference of [...wanted].filter((name) => !own.has(name)).toSorted()) {
    const [kind = '', name = ''] = reference.split('/')
    const object = await context.cluster.get(
      { apiVersion: 'v1', kind, namespace: context.namespace, name },
      context.signal,
    )
    if (object !== undefined) objects.push({ ...object, metadata: { name, labels: object.metadata.labels ?? {} } })
  }
  return JSON.parse(canonicalJson(objects)) as unknown[]
}

const REFERENCES: Record<string, string> = {
  secretKeyRef: 'Secret',
  secretRef: 'Secret',
  configMapKeyRef: 'ConfigMap',
  configMapRef: 'ConfigMap',
  configMap: 'ConfigMap',
}

function collect(value: unknown, found: Set<string>): void {
  for (const item of listOf(value)) collect(item, found)
  for (const [key, inner] of Object.entries(recordOf(value))) {
    const kind = REFERENCES[key]
    const name = textOf(recordOf(inner)['name'])
    if (kind !== undefined && name !== undefined) found.add(`${kind}/${name}`)
    if (key === 'secret' && textOf(recordOf(inner)['secretName']) !== undefined)
      found.add(`Secret/${String(recordOf(inner)['secretName'])}`)
    if (key === 'imagePullSecrets')
      for (const pull of listOf(inner)) found.add(`Secret/${String(recordOf(pull)['name'])}`)
    collect(inner, found)
  }
}
