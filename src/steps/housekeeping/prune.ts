// Pruning a release's backup sets: gathers the facts, and carries out what was decided from them.
import { planPrune, type PrunePlan, type PrunePolicy } from '../../core/backup/prune-plan.ts'
import type { DataProgress, DataResults } from '../../core/data/tasks.ts'
import { API_VERSION, backupSetObject, parseBackupSet, RELEASE_LABEL, type Installation } from '../../core/resources.ts'
import type { Cluster } from '../../ports/cluster.ts'
import type { DataPlane } from '../../ports/dataplane.ts'
import type { ReleaseRecords } from '../../ports/helm.ts'
import type { Clock, Ids } from '../../ports/world.ts'
import { readSet } from '../backup/index.ts'
import { deployedIn, readHistory } from '../preflight/history.ts'
import { readRuns } from '../preflight/kept.ts'
import { setDirectory } from '../names.ts'

export interface HousekeepingDeps {
  cluster: Cluster
  records: ReleaseRecords
  dataPlane: DataPlane
  clock: Clock
  ids: Ids
  installation: Installation
  report: (progress: DataProgress) => void
  signal: AbortSignal
}

/** One task under an id of its own, and nothing of it left behind. What `run` throws is thrown, also where clearing away fails. */
export async function withTaskId<T>(
  deps: Pick<HousekeepingDeps, 'dataPlane' | 'clock' | 'ids'>,
  what: string,
  run: (id: string) => Promise<T>,
): Promise<T> {
  const id = `${deps.ids.next(deps.clock.now())}-${what}`
  let result: T
  try {
    result = await run(id)
  } catch (error) {
    await deps.dataPlane.discard(id).catch(() => undefined)
    throw error
  }
  await deps.dataPlane.discard(id)
  return result
}

function hoursBefore(now: Date, hours: number): string {
  return new Date(now.getTime() - Math.max(1, hours) * 3_600_000).toISOString()
}

async function secretNames({ cluster, installation }: HousekeepingDeps): Promise<string[]> {
  const { namespace, release } = installation
  const labelSelector = `${RELEASE_LABEL}=${release}`
  const secrets = await cluster.list({ apiVersion: 'v1', kind: 'Secret', namespace, labelSelector })
  return secrets.map((secret) => secret.metadata.name).filter((name) => /^pawl-(set|run)-/.test(name))
}

/** Reads only. */
export async function gatherPrune(deps: HousekeepingDeps, policy: PrunePolicy): Promise<PrunePlan> {
  const { cluster, installation, signal } = deps
  const { namespace, release, store } = installation
  const labelSelector = `${RELEASE_LABEL}=${release}`
  const sets = await cluster.list({ apiVersion: API_VERSION, kind: 'BackupSet', namespace, labelSelector }, signal)
  const runs = await readRuns(cluster, namespace, release, signal)
  const running = deployedIn(await readHistory(deps.records, { release, namespace }, signal))?.chart
  const now = deps.clock.now()
  const survey = await withTaskId(deps, 'survey', async (id) =>
    deps.dataPlane.run<'survey'>(
      {
        kind: 'survey',
        store,
        under: `${namespace}/${release}`,
        strandedBefore: hoursBefore(now, policy.leftoversAfterHours),
      },
      { id, onProgress: deps.report, signal },
    ),
  )
  return planPrune(
    {
      now: now.toISOString(),
      release,
      store,
      sets: sets.map(parseBackupSet),
      runs,
      stored: survey.sets,
      strandedParts: survey.strandedParts ?? 0,
      secrets: await secretNames(deps),
      ...(running === undefined ? {} : { running: { appVersion: running.appVersion, chartVersion: running.version } }),
    },
    policy,
  )
}

/** So that a removal that is stopped half-way is gone on with, and a set that its store merely does not show is not forgotten. */
async function noteRemoving({ cluster, clock, installation, signal }: HousekeepingDeps, name: string): Promise<void> {
  const set = await readSet(cluster, installation.namespace, name, signal)
  if (set?.status === undefined || set.status.removing !== undefined) return
  const status = { ...set.status, removing: clock.now().toISOString() }
  await cluster.replace(backupSetObject({ ...set, status }), { subresource: 'status' }, signal)
}

export type Pruned = DataResults['prune'] & { secrets: string[] }

/** Store first, Secrets next, the resource last: stopped anywhere, the same command goes on where it was. */
export async function carryOutPrune(deps: HousekeepingDeps, plan: PrunePlan, policy: PrunePolicy): Promise<Pruned> {
  const { installation, signal } = deps
  const { namespace, release, store } = installation
  const directory = (name: string): string => setDirectory(namespace, release, name)
  const sets = plan.decisions.filter(({ remove }) => remove).map(({ name }) => name)
  for (const name of sets) await noteRemoving(deps, name)
  const result = await withTaskId(deps, 'prune', async (id) =>
    deps.dataPlane.run<'prune'>(
      {
        kind: 'prune',
        store,
        under: `${namespace}/${release}`,
        sets: sets.map(directory),
        leftovers: plan.leftovers.map(({ name }) => directory(name)),
        before: hoursBefore(deps.clock.now(), policy.leftoversAfterHours),
        ...(plan.keeper === undefined ? {} : { keeper: directory(plan.keeper) }),
      },
      { id, onProgress: deps.report, signal },
    ),
  )
  const gone = new Set(result.removed.map(({ name }) => name))
  const kept = new Set([...sets, ...plan.leftovers.map(({ name }) => name)].filter((name) => !gone.has(name)))
  const secrets = plan.secrets.filter((secret) => ![...kept].some((name) => secret.endsWith(name)))
  for (const name of secrets)
    await deps.cluster.remove({ apiVersion: 'v1', kind: 'Secret', namespace, name }, {}, signal)
  for (const name of gone)
    await deps.cluster.remove({ apiVersion: API_VERSION, kind: 'BackupSet', namespace, name }, {}, signal)
  return { ...result, secrets }
}
