// The reads that `pawl status` begins with. They are under way while the rest of the program is still being loaded: in a room of
// their own, because nothing heavy may stand before them.
import type { Known } from '../../core/plan/facts.ts'
import type { Run } from '../../core/run/run.ts'
import type { FoundSchedule } from '../../core/schedule/schedule.ts'
import type { GuardSummary } from '../../core/status/status.ts'
import type { Cluster, KubeObject } from '../../ports/cluster.ts'
import type { ReleaseRecord, ReleaseRecords } from '../../ports/helm.ts'
import { attempt } from './deps.ts'
import { readHistory } from './history.ts'
import { readBackupSets, readRuns, type Finished } from './kept.ts'
import { readGuardSummary } from './status-guard.ts'
import { readManagerMarks, type ManagerReads } from './managers.ts'
import { readSchedule } from '../schedule/read.ts'

export interface StatusReads {
  /** Newest first; only the newest where that is deployed. */
  history: Promise<ReleaseRecord[]>
  pods: Promise<Known<KubeObject[]>>
  sets: Promise<Known<Finished[]>>
  runs: Promise<Known<Run[]>>
  guard: Promise<Known<GuardSummary>>
  schedule: Promise<Known<FoundSchedule | 'none'>>
  managers: Promise<Known<ManagerReads>>
}

export function beginStatusReads(
  cluster: Cluster,
  records: ReleaseRecords,
  place: { release: string; namespace: string },
  signal?: AbortSignal,
): StatusReads {
  const { release, namespace } = place
  const reads: StatusReads = {
    history: readHistory(records, place, signal),
    pods: attempt(() => cluster.list({ apiVersion: 'v1', kind: 'Pod', namespace }, signal)),
    sets: attempt(() => readBackupSets(cluster, namespace, release, signal)),
    runs: attempt(() => readRuns(cluster, namespace, release, signal)),
    guard: attempt(() => readGuardSummary(cluster, place, signal)),
    schedule: attempt(async () => (await readSchedule({ cluster, namespace, release }, signal)) ?? 'none'),
    managers: attempt(() => readManagerMarks(cluster, namespace, signal)),
  }
  // Whoever awaits them gets the error; until then it is nobody's.
  for (const read of Object.values(reads)) read.catch(() => undefined)
  return reads
}
