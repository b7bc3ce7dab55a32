// What Pawl itself keeps of a release in the cluster: runs and backup sets.
import { API_VERSION, parseBackupSet, parseRun, RELEASE_LABEL } from '../../core/resources.ts'
import type { BackupSet, BackupSetStatus } from '../../core/resources.ts'
import { countsAsProven, isEnoughFor } from '../../core/backup/rung.ts'
import { stagedBytes } from '../../core/backup/staged.ts'
import { fold } from '../../core/run/fold.ts'
import type { Run } from '../../core/run/run.ts'
import type { Cluster } from '../../ports/cluster.ts'

/** Every run of a release that has begun, oldest first. */
export async function readRuns(
  cluster: Cluster,
  namespace: string,
  release: string,
  signal?: AbortSignal,
): Promise<Run[]> {
  const labelSelector = `${RELEASE_LABEL}=${release}`
  const objects = await cluster.list({ apiVersion: API_VERSION, kind: 'Run', namespace, labelSelector }, signal)
  const runs = objects.map((object) => parseRun(object).run).filter((run) => run.events.length > 0)
  return runs.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

export function isUnfinished(run: Run): boolean {
  return fold(run.events).ended === undefined
}

export type Finished = BackupSet & { status: BackupSetStatus }

/** Every complete set of a release, newest first. */
export async function readBackupSets(
  cluster: Cluster,
  namespace: string,
  release: string,
  signal?: AbortSignal,
): Promise<Finished[]> {
  const labelSelector = `${RELEASE_LABEL}=${release}`
  const objects = await cluster.list({ apiVersion: API_VERSION, kind: 'BackupSet', namespace, labelSelector }, signal)
  const sets = objects.map(parseBackupSet).filter((set): set is Finished => set.status !== undefined)
  return sets.toSorted((a, b) => (a.status.takenAt < b.status.takenAt ? 1 : -1))
}

export function isProven({ status }: Finished): boolean {
  return countsAsProven(status.rung)
}

/** What a recovery comes back to unasked: proven sets, and those that somebody let an upgrade rest on. */
export function leadsBack(set: Finished, runs: readonly Run[]): boolean {
  const upgrade = runs.find(({ name, spec }) => name === set.run && spec.kind === 'upgrade')
  return isProven(set) || (upgrade !== undefined && isEnoughFor(upgrade.spec, set.status.rung))
}

/** Sets whose copies stand beside the live databases. */
export function stagedIn(sets: readonly Finished[]): { set: string; bytes: number }[] {
  return sets.flatMap(({ name, status: { staged } }) =>
    staged === undefined ? [] : [{ set: name, bytes: stagedBytes(staged) }],
  )
}
