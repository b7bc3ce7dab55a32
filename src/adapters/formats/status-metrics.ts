// The state of one installation as metrics (Prometheus text exposition): last backup and proof, schedule, support, guard, runs.
import { Gauge, Registry } from 'prom-client'
import { addDays } from '../../core/lifecycle/dates.ts'
import type { Known } from '../../core/plan/facts.ts'
import type { Status } from '../../core/status/status.ts'

const GUARD_STATES = ['installed', 'watching only', 'broken', 'not installed', 'open'] as const

/** A value that is not known is not there: an alert on `absent()` is right, one on a made-up number is not. */
export async function metricsOfStatus(status: Status, now: Date): Promise<string> {
  const registry = new Registry()
  const labels = { product: status.profile, namespace: status.namespace, helm_release: status.release }
  const names = Object.keys(labels) as (keyof typeof labels)[]
  const set = (name: string, help: string, value: number | undefined): void => {
    if (value !== undefined && Number.isFinite(value))
      new Gauge({ name, help, labelNames: names, registers: [registry] }).set(labels, value)
  }
  const { support, running } = status
  const backup = present(status.lastBackup)
  const proof = present(status.lastProof)
  const rehearsal = present(status.lastRehearsal)
  const schedule = present(status.schedule)
  const run = status.unfinishedRun
  set('pawl_status_timestamp_seconds', 'When this was read (Unix time).', now.getTime() / 1000)
  set('pawl_backup_last_success_timestamp_seconds', 'Snapshot of the newest complete backup set.', seconds(backup?.at))
  set('pawl_backup_last_archive_bytes', 'Its dumps, compressed.', backup?.archiveBytes)
  set('pawl_backup_last_database_bytes', 'The databases when it was taken.', backup?.databaseBytes)
  set('pawl_backup_last_proof_timestamp_seconds', 'Last proof of the newest proven backup set.', seconds(proof?.at))
  set('pawl_backup_proof_limit_seconds', 'Age from which that proof is too old.', status.proofLimitMs / 1000)
  set(
    'pawl_recovery_last_timestamp_seconds',
    'Last recovery from the store that came to its end.',
    seconds(rehearsal?.at),
  )
  set('pawl_recovery_last_duration_seconds', 'How long it took, from the restore on.', rehearsal?.seconds)
  if (schedule !== undefined) {
    const next = schedule.timetable.known ? schedule.timetable.value.next[0] : undefined
    const failed = schedule.last?.outcome === 'failed' || schedule.diedAt !== undefined
    set('pawl_backup_schedule_next_timestamp_seconds', 'When the schedule is due next.', seconds(next))
    set('pawl_backup_schedule_failed', '1 where the last scheduled one failed, else 0.', failed ? 1 : 0)
  }
  set(
    'pawl_support_end_timestamp_seconds',
    'First second in which the installed release is out of support.',
    support.until === undefined ? undefined : seconds(`${addDays(support.until, 1)}T00:00:00Z`),
  )
  set('pawl_support_days', 'Days of support left; negative when it ended.', support.daysLeft)
  if (run.known) {
    const parked = run.value !== 'none' && run.value.parked
    set('pawl_run_unfinished', '1 where a run has not come to its end, else 0.', run.value === 'none' ? 0 : 1)
    set('pawl_run_parked', '1 where a run waits for a person, else 0.', parked ? 1 : 0)
  }
  if (status.guard.known) {
    const open = status.guardOpening !== undefined && Date.parse(status.guardOpening.until) > now.getTime()
    const state = open ? 'open' : status.guard.value
    const help = '1 for the state the guard is in, 0 for the others.'
    const gauge = new Gauge({ name: 'pawl_guard_state', help, labelNames: [...names, 'state'], registers: [registry] })
    for (const one of GUARD_STATES) gauge.set({ ...labels, state: one }, one === state ? 1 : 0)
  }
  if (running.known) {
    const help = 'Always 1; the version that runs is a label.'
    new Gauge({ name: 'pawl_running_info', help, labelNames: [...names, 'version'], registers: [registry] }).set(
      { ...labels, version: running.value },
      1,
    )
  }
  return await registry.metrics()
}

function present<T>(fact: Known<T | 'none'>): T | undefined {
  return fact.known && fact.value !== 'none' ? fact.value : undefined
}

function seconds(iso: string | undefined): number | undefined {
  return iso === undefined ? undefined : Date.parse(iso) / 1000
}
