// Backup: one task that takes every required database; the BackupSet resource exists when the set is complete.
import { takenAtOf } from '../../core/backup/taken-at.ts'
import { PawlError } from '../../core/errors.ts'
import { API_VERSION, backupSetObject, parseBackupSet, type BackupSet } from '../../core/resources.ts'
import type { DataResults } from '../../core/data/tasks.ts'
import type { ProductRelease } from '../../core/plan/plan.ts'
import { expectedArchives, withExpected } from '../../core/progress/expected.ts'
import { wantedImages } from './images.ts'
import { databasesOfRun, freedTaskId } from '../look.ts'
import { readBackupSets } from '../preflight/kept.ts'
import { releaseFilesSecret, runId, setDirectory } from '../names.ts'
import type { Step, StepContext } from '../step.ts'
import { writersInSpec } from '../quiesce/index.ts'

export const backup: Step = {
  name: 'backup',
  async observe(context) {
    const set = await readSet(context.cluster, context.namespace, setName(context), context.signal)
    if (set?.status === undefined) return { is: 'todo' }
    const { manifestSha256, databases, takenAt } = set.status
    return {
      is: 'done',
      evidence: {
        set: set.name,
        manifestSha256,
        takenAt,
        databases: databases.map(
          ({ role, database, tables, rows, digest, archiveBytes, sizeBytes, writeCounter, migrations }) => ({
            role,
            database,
            tables,
            rows,
            digest,
            archiveBytes,
            sizeBytes,
            writeCounter,
            lastMigration: migrations?.at(-1) ?? '',
          }),
        ),
      },
    }
  },
  async act(context, attempt) {
    const id = runId(context.run, context.release)
    const databases = databasesOfRun(context)
    const [first] = databases
    if (first === undefined)
      throw new PawlError({ code: 'unknown-state', message: 'the plan names no database to back up' })
    const product = productOf(context)
    const expected = await expectedSizes(context)
    const wish = context.spec.kind === 'backup' ? context.spec.plan.images : undefined
    const result = await context.dataPlane.run(
      {
        kind: 'backup',
        databases: databases.map((database) => database.target),
        set: setDirectory(context.namespace, context.release, id),
        store: context.installation.store,
        recipients: context.installation.recipients,
        releaseFiles: releaseFilesSecret(id),
        about: { release: context.release, namespace: context.namespace, profile: context.profile.name, ...product },
        ...(context.spec.kind !== 'recovery' && context.spec.plan.sourceLoad === 'low' ? { sourceLoad: 'low' } : {}),
        ...(wish === undefined ? {} : { images: await wantedImages(context, wish) }),
        ...context.spec.effort,
      },
      {
        id: await freedTaskId(context, 'backup', attempt),
        serverMajor: first.serverMajor,
        onProgress: (progress) => context.report(withExpected(progress, expected)),
        signal: context.signal,
      },
    )
    await writeSet(context, product, result)
  },
}

/** Only for people who watch: without it a total is unknown. */
async function expectedSizes(context: StepContext): Promise<Map<string, number>> {
  const { cluster, namespace, release, signal } = context
  const sets = await readBackupSets(cluster, namespace, release, signal)
  return expectedArchives(
    databasesOfRun(context).map(({ target, sizeBytes }) => ({ role: target.role, sizeBytes })),
    sets.flatMap(({ status }) => status.databases),
  )
}

export function setName(context: StepContext): string {
  return runId(context.run, context.release)
}

export function productOf(context: StepContext): ProductRelease {
  switch (context.spec.kind) {
    case 'upgrade':
      return context.spec.plan.from
    case 'backup':
      return context.spec.plan.of
    case 'recovery':
      return context.spec.plan.to
  }
}

export async function readSet(
  cluster: StepContext['cluster'],
  namespace: string,
  name: string,
  signal?: AbortSignal,
): Promise<BackupSet | undefined> {
  const object = await cluster.get({ apiVersion: API_VERSION, kind: 'BackupSet', namespace, name }, signal)
  return object === undefined ? undefined : parseBackupSet(object)
}

async function writeSet(context: StepContext, product: ProductRelease, result: DataResults['backup']): Promise<void> {
  const { cluster, namespace, release, run, signal } = context
  const name = setName(context)
  const begun = await readSet(cluster, namespace, name, signal)
  if (begun === undefined) {
    await cluster.create(
      backupSetObject({ name, namespace, release, set: result.set, store: context.installation.store, run }),
      {},
      signal,
    )
  }
  const set = begun ?? (await readSet(cluster, namespace, name, signal))
  if (set === undefined)
    throw new PawlError({ code: 'cluster-conflict', message: `BackupSet ${name} is not there after it was created` })
  const snapshots = result.databases.map((database) => database.snapshotAt)
  const finishedAt = context.clock.now().toISOString()
  const status: BackupSet['status'] = {
    manifestSha256: result.manifestSha256,
    rung: 'archived',
    databases: result.databases,
    product,
    takenAt: takenAtOf(snapshots, { createdAt: context.state.steps.backup?.startedAt ?? finishedAt, finishedAt }),
    releaseFiles: releaseFilesSecret(name),
    proofs: [],
    writers: writersInSpec(context),
    targets: databasesOfRun(context),
  }
  await cluster.replace(backupSetObject({ ...set, status }), { subresource: 'status' }, signal)
}
