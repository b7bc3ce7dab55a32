// The CronJob of a schedule: what stands in it, and what is read back.
import { expect, test } from 'vitest'
import { listOf, recordOf, valueAt } from '../json.ts'
import type { ResourceObject } from '../resources.ts'
import { scheduleObjects } from './objects.ts'
import { LAST_ANNOTATION, argumentsOf, parseSchedule, scheduleName, type Schedule } from './schedule.ts'

const schedule: Schedule = {
  release: 'tally',
  namespace: 'shop',
  cron: '0 3 * * *',
  timeZone: 'Etc/UTC',
  what: 'backup',
  prune: { keep: 7, keepDays: 30 },
}
const surroundings = { image: 'registry/pawl-data:15', imagePullSecrets: ['pull'] }

function objectOf(kind: string, given: Schedule = schedule): ResourceObject {
  const found = scheduleObjects(given, surroundings).find((object) => object.kind === kind)
  if (found === undefined) throw new Error(`no ${kind}`)
  return found
}

function after(status: Record<string, unknown>, last?: unknown): ResourceObject {
  const cronJob = objectOf('CronJob')
  const annotations = last === undefined ? {} : { [LAST_ANNOTATION]: JSON.stringify(last) }
  return { ...cronJob, status, metadata: { ...cronJob.metadata, annotations } }
}

test('what is written is read back, by its own release only', () => {
  const cronJob = objectOf('CronJob')
  expect(parseSchedule(cronJob, 'tally')).toEqual({
    name: 'pawl-backup-tally',
    cron: '0 3 * * *',
    timeZone: 'Etc/UTC',
    what: 'backup',
    suspended: false,
    underWay: false,
  })
  expect(parseSchedule(cronJob, 'other')).toBeUndefined()
  expect(parseSchedule({ ...cronJob, metadata: { name: 'pawl-backup-tally' } }, 'tally')).toBeUndefined()
  expect(argumentsOf(cronJob).slice(-4)).toEqual(['--keep', '7', '--keep-days', '30'])
})

test('a source that is to be spared is spared by the clock as well', () => {
  const cronJob = objectOf('CronJob', { ...schedule, sourceLoad: 'low' })
  expect(argumentsOf(cronJob).join(' ')).toContain('--source-load low')
  expect(parseSchedule(cronJob, 'tally')).toMatchObject({ sourceLoad: 'low' })
  expect(parseSchedule(objectOf('CronJob'), 'tally')).not.toHaveProperty('sourceLoad')
})

test('the pod has no right but its own account, no root, and no two run at once', () => {
  const cronJob = objectOf('CronJob')
  const pod = recordOf(valueAt(cronJob, 'spec.jobTemplate.spec.template.spec'))
  const container = recordOf(listOf(pod['containers'])[0])
  expect(valueAt(cronJob, 'spec.concurrencyPolicy')).toBe('Forbid')
  expect(pod['serviceAccountName']).toBe('pawl-backup-tally')
  expect(pod['securityContext']).toMatchObject({ runAsNonRoot: true })
  expect(container['securityContext']).toMatchObject({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true })
  expect(objectOf('ServiceAccount')['imagePullSecrets']).toEqual([{ name: 'pull' }])
})

test('a proof reads no Secret, and only who prunes may remove a set', () => {
  const may = (given: Schedule, resource: string, verb: string): boolean =>
    listOf(objectOf('Role', given)['rules'])
      .map(recordOf)
      .some(({ resources, verbs }) => listOf(resources).includes(resource) && listOf(verbs).includes(verb))
  const { prune: _, ...kept } = schedule
  expect(may({ ...kept, what: 'prove' }, 'secrets', 'get')).toBe(false)
  expect(may(kept, 'secrets', 'get')).toBe(true)
  expect(may(kept, 'backupsets', 'delete')).toBe(false)
  expect(may(schedule, 'backupsets', 'delete')).toBe(true)
})

test('one that went without a word is told from one that is under way and from one that has spoken', () => {
  const began = { lastScheduleTime: '2026-11-25T03:00:00Z' }
  expect(parseSchedule(after(began), 'tally')?.diedAt).toBe('2026-11-25T03:00:00Z')
  expect(parseSchedule(after({ ...began, active: [{ name: 'x' }] }), 'tally')).toMatchObject({ underWay: true })
  expect(parseSchedule(after({ ...began, active: [{ name: 'x' }] }), 'tally')?.diedAt).toBeUndefined()
  const said = { at: '2026-11-25T03:04:00.000Z', outcome: 'failed', code: 'job-failed', message: 'm' }
  expect(parseSchedule(after(began, said), 'tally')).toMatchObject({ last: said })
  expect(parseSchedule(after(began, said), 'tally')?.diedAt).toBeUndefined()
  expect(parseSchedule(after({ lastScheduleTime: '2026-11-26T03:00:00Z' }, said), 'tally')?.diedAt).toBeDefined()
  expect(parseSchedule(after(began, 'gibberish'), 'tally')?.last).toBeUndefined()
})

test('the name is one that a CronJob may have, however long that of the release', () => {
  expect(scheduleName('a'.repeat(53))).toHaveLength(52)
  expect(scheduleName(`${'a'.repeat(39)}-bcd`)).toMatch(/[a-z]$/)
})
