// A schedule of backups or proofs as it stands in the cluster: a CronJob of Pawl's own, and what it last came to.
import { effortArguments, type Effort } from '../data/effort.ts'
import { imagesArguments, type ImagesWish } from '../images/wish.ts'
import { listOf, isRecord, recordOf, textOf, valueAt } from '../json.ts'
import { RELEASE_LABEL, type ResourceObject } from '../resources.ts'

/** On the CronJob: what the last one came to. Written by the one that ran, since its pod may be gone soon. */
export const LAST_ANNOTATION = 'pawl.dev/last'
/** On the CronJob: that it is a schedule of ours. */
export const SCHEDULE_LABEL = 'pawl.dev/schedule'
/** How runs of a schedule say who began them. */
export const SCHEDULED_BY = 'schedule'

export const SCHEDULED_WORK = ['backup', 'prove'] as const
/** `backup`: a new set, which is proven. `prove`: the newest set once more. */
export type ScheduledWork = (typeof SCHEDULED_WORK)[number]

export interface Schedule {
  release: string
  namespace: string
  /** Five fields, as cron and Kubernetes read them. */
  cron: string
  /** IANA name. */
  timeZone: string
  what: ScheduledWork
  /** Sets are pruned after each backup that was proven; absent: never. */
  prune?: { keep: number; keepDays: number }
  /** Rows of the databases are counted only: such sets reach `restored+`. */
  sourceLoad?: 'low'
  /** Each set holds the images of the release as well. */
  images?: ImagesWish
  effort?: Effort
}

export type ScheduledOutcome =
  | { at: string; outcome: 'done'; set?: string }
  | { at: string; outcome: 'skipped'; why: string }
  | { at: string; outcome: 'failed'; code: string; message: string }

export interface FoundSchedule extends Pick<Schedule, 'cron' | 'timeZone' | 'what' | 'sourceLoad'> {
  name: string
  suspended: boolean
  last?: ScheduledOutcome
  /** When one began that is gone without having said what came of it. */
  diedAt?: string
  underWay: boolean
}

const SOURCE_LOAD = '--source-load'

/** Kubernetes adds eleven characters for each Job and allows 63 in all. */
const LONGEST_NAME = 52

export function scheduleName(release: string): string {
  return `pawl-backup-${release}`.slice(0, LONGEST_NAME).replace(/[-.]+$/, '')
}

/** What the CronJob's container is told. */
export function scheduledArguments({
  release,
  namespace,
  what,
  prune,
  sourceLoad,
  images,
  effort = {},
}: Schedule): string[] {
  return [
    'backup',
    'scheduled',
    release,
    '-n',
    namespace,
    '--what',
    what,
    ...(prune === undefined ? [] : ['--keep', String(prune.keep), '--keep-days', String(prune.keepDays)]),
    ...(sourceLoad === undefined ? [] : [SOURCE_LOAD, sourceLoad]),
    ...(images === undefined ? [] : imagesArguments(images)),
    ...effortArguments(effort),
  ]
}

/** `undefined` where the CronJob is somebody else's, or of another release. */
export function parseSchedule(object: ResourceObject, release: string): FoundSchedule | undefined {
  const { name, labels = {}, annotations = {} } = object.metadata
  const what = SCHEDULED_WORK.find((known) => known === labels[SCHEDULE_LABEL])
  if (what === undefined || labels[RELEASE_LABEL] !== release) return undefined
  const spec = recordOf(object['spec'])
  const status = recordOf(object['status'])
  const last = outcomeIn(annotations[LAST_ANNOTATION])
  const underWay = listOf(status['active']).length > 0
  const began = textOf(status['lastScheduleTime'])
  // Whatever ran to its end has left a word that is newer than its beginning.
  const died = !underWay && began !== undefined && (last === undefined || last.at < began)
  return {
    name,
    cron: textOf(spec['schedule']) ?? '',
    timeZone: textOf(spec['timeZone']) ?? 'UTC',
    what,
    ...(argumentsOf(object).includes(SOURCE_LOAD) ? { sourceLoad: 'low' as const } : {}),
    suspended: spec['suspend'] === true,
    underWay,
    ...(last === undefined ? {} : { last }),
    ...(died ? { diedAt: began } : {}),
  }
}

/** The arguments a schedule was made with, for whoever looks at it. */
export function argumentsOf(object: ResourceObject): string[] {
  const container = listOf(valueAt(object, 'spec.jobTemplate.spec.template.spec.containers'))[0]
  return listOf(recordOf(container)['args']).filter((word) => typeof word === 'string')
}

function outcomeIn(text: string | undefined): ScheduledOutcome | undefined {
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) && textOf(value['at']) !== undefined && textOf(value['outcome']) !== undefined
      ? (value as unknown as ScheduledOutcome)
      : undefined
  } catch {
    // An annotation that somebody else wrote says nothing.
    return undefined
  }
}
