// What `pawl status` says of backups: the newest set, the last proof and how old it may become, and when the next is due.
import { standingProof } from '../../core/backup/rung.ts'
import { unknown, valueOf } from '../../core/plan/facts.ts'
import type { Known } from '../../core/plan/facts.ts'
import type { FoundSchedule } from '../../core/schedule/schedule.ts'
import { proofLimitMs } from '../../core/status/proof-age.ts'
import type { LastBackup, ScheduleStatus, Status } from '../../core/status/status.ts'
import { attempt, from } from './deps.ts'
import { isProven, type Finished } from './kept.ts'
import type { StatusDeps } from './status.ts'

type BackedUp = Pick<Status, 'lastProof' | 'lastRehearsal' | 'lastBackup' | 'proofLimitMs'>
type ValueOf<K extends 'lastProof' | 'lastRehearsal'> = Exclude<Status[K], { known: false }>['value']

/** `sets`: newest first. */
export async function backedUp(sets: Known<Finished[]>, schedule: Known<ScheduleStatus | 'none'>): Promise<BackedUp> {
  const found = valueOf(schedule)
  const timetable = found === undefined || found === 'none' ? undefined : valueOf(found.timetable)
  return {
    lastProof: await from(sets, lastProofOf),
    lastRehearsal: await from(sets, lastRehearsalOf),
    lastBackup: await from(sets, ([newest]) => (newest === undefined ? 'none' : backupOf(newest))),
    proofLimitMs: proofLimitMs(timetable?.longestGapMs),
  }
}

/** Of the newest set that is proven: an older one proven again does not make the newest any safer. */
function lastProofOf(sets: readonly Finished[]): ValueOf<'lastProof'> {
  const proven = sets.find(isProven)
  if (proven === undefined) return 'none'
  const { name, status } = proven
  return {
    set: name,
    at: standingProof(status.proofs, status.rung)?.at ?? status.takenAt,
    rung: status.rung,
    version: status.product.appVersion,
  }
}

function lastRehearsalOf(sets: readonly Finished[]): ValueOf<'lastRehearsal'> {
  const all = sets.flatMap(({ name, status }) =>
    status.proofs.flatMap(({ at, rehearsal }) => (rehearsal === undefined ? [] : [{ ...rehearsal, set: name, at }])),
  )
  return all.toSorted((left, right) => (left.at < right.at ? 1 : -1))[0] ?? 'none'
}

function backupOf({ name, status }: Finished): LastBackup {
  const sum = (bytes: number[]): number => bytes.reduce((total, some) => total + some, 0)
  return {
    set: name,
    at: status.takenAt,
    archiveBytes: sum(status.databases.map(({ archiveBytes }) => archiveBytes)),
    databaseBytes: sum(status.databases.map(({ sizeBytes }) => sizeBytes)),
    rung: status.rung,
  }
}

export async function timed({ timetable, today }: StatusDeps, schedule: FoundSchedule): Promise<ScheduleStatus> {
  if (timetable === undefined) return { ...schedule, timetable: unknown('nobody was asked') }
  return {
    ...schedule,
    timetable: await attempt(async () => {
      const { next, longestGapMs } = (await timetable())(schedule.cron, schedule.timeZone, today())
      return { next: schedule.suspended ? [] : next.map((time) => time.toISOString()), longestGapMs }
    }),
  }
}
