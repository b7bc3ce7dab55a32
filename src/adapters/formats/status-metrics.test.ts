// Metrics of an installation: what is known is there under its labels, what is not is absent.
import { expect, test } from 'vitest'
import { known, unknown } from '../../core/plan/facts.ts'
import type { Status } from '../../core/status/status.ts'
import { metricsOfStatus } from './status-metrics.ts'

const now = new Date('2026-11-25T12:00:00Z')

const STATUS = {
  release: 'tally',
  namespace: 'shop',
  profile: 'tally',
  running: known('2026.3.9'),
  support: { state: 'supported', until: '2027-03-09', daysLeft: 104 },
  lastProof: known({ set: 's', at: '2026-11-25T03:05:00Z', rung: 'proven', version: '2026.3.9' }),
  lastRehearsal: known('none'),
  lastBackup: known({ set: 's', at: '2026-11-25T03:00:00Z', archiveBytes: 1000, databaseBytes: 9000, rung: 'proven' }),
  proofLimitMs: 172_800_000,
  schedule: known('none'),
  unfinishedRun: known('none'),
  guard: known('installed'),
} as unknown as Status

async function samples(change: Partial<Status> = {}): Promise<Map<string, number>> {
  const text = await metricsOfStatus({ ...STATUS, ...change }, now)
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const [, name = '', labels = '', value = ''] = /^(\w+)\{(.*)\} (\S+)$/.exec(line) ?? []
      expect(labels).toContain('product="tally",namespace="shop",helm_release="tally"')
      const own = labels.split(',').slice(3).join(',')
      return [own === '' ? name : `${name} ${own}`, Number(value)]
    }),
  )
}

test('what is known', async () => {
  expect(Object.fromEntries(await samples())).toEqual({
    pawl_status_timestamp_seconds: now.getTime() / 1000,
    pawl_backup_last_success_timestamp_seconds: Date.parse('2026-11-25T03:00:00Z') / 1000,
    pawl_backup_last_archive_bytes: 1000,
    pawl_backup_last_database_bytes: 9000,
    pawl_backup_last_proof_timestamp_seconds: Date.parse('2026-11-25T03:05:00Z') / 1000,
    pawl_backup_proof_limit_seconds: 172_800,
    pawl_support_end_timestamp_seconds: Date.parse('2027-03-10T00:00:00Z') / 1000,
    pawl_support_days: 104,
    pawl_run_unfinished: 0,
    pawl_run_parked: 0,
    'pawl_guard_state state="installed"': 1,
    'pawl_guard_state state="watching only"': 0,
    'pawl_guard_state state="broken"': 0,
    'pawl_guard_state state="not installed"': 0,
    'pawl_guard_state state="open"': 0,
    'pawl_running_info version="2026.3.9"': 1,
  })
})

test('what is unknown or was never done is absent, not 0', async () => {
  const found = await samples({
    running: unknown('?'),
    support: { state: 'unknown' },
    lastProof: known('none'),
    lastRehearsal: unknown('?'),
    lastBackup: unknown('?'),
    schedule: unknown('?'),
    unfinishedRun: unknown('?'),
    guard: unknown('?'),
  })
  expect([...found.keys()]).toEqual(['pawl_status_timestamp_seconds', 'pawl_backup_proof_limit_seconds'])
})

test('a recovery that was carried through, and how long it took', async () => {
  const rehearsal = { set: 's', at: '2026-11-25T04:00:00Z', run: 'tally-1', seconds: 50 }
  const found = await samples({ lastRehearsal: known(rehearsal) })
  expect(found.get('pawl_recovery_last_timestamp_seconds')).toBe(Date.parse(rehearsal.at) / 1000)
  expect(found.get('pawl_recovery_last_duration_seconds')).toBe(50)
})

test('a schedule that failed, a run that is parked, and a guard that somebody opened', async () => {
  const found = await samples({
    schedule: known({
      name: 's',
      cron: '0 3 * * *',
      timeZone: 'Etc/UTC',
      what: 'backup',
      suspended: false,
      underWay: false,
      timetable: known({ next: ['2026-11-26T03:00:00.000Z'], longestGapMs: 1 }),
      last: { at: '', outcome: 'failed', code: 'store-full', message: '' },
    }),
    unfinishedRun: known({ name: 'r', kind: 'upgrade', phase: 'PONR', parked: true }),
    guardOpening: { by: 'ann', reason: 'r', until: '2026-11-25T13:00:00Z' },
  })
  expect(found.get('pawl_backup_schedule_failed')).toBe(1)
  expect(found.get('pawl_backup_schedule_next_timestamp_seconds')).toBe(Date.parse('2026-11-26T03:00:00Z') / 1000)
  expect(found.get('pawl_run_parked')).toBe(1)
  expect(found.get('pawl_guard_state state="open"')).toBe(1)
  expect(found.get('pawl_guard_state state="installed"')).toBe(0)
})
