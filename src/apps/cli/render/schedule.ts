// pawl backup schedule and scheduled.
import type { FoundSchedule, Schedule, ScheduledOutcome } from '../../../core/schedule/schedule.ts'
import { formatTime } from './format.ts'
import { cleanLine, paintWith } from './style.ts'
import { renderFields } from './table.ts'

type Shown = Pick<Schedule, 'cron' | 'timeZone' | 'what' | 'prune' | 'sourceLoad'> & { next: string[] } & Partial<
    Pick<FoundSchedule, 'last' | 'suspended' | 'diedAt' | 'underWay'> & { runs: string[] }
  >

const WORK = {
  backup: 'a backup set is taken and proven',
  low: 'a backup set is taken and reaches restored+: rows of the databases are counted only',
  prove: 'the newest backup set is proven again',
} as const

export function renderSchedule(shown: Shown, colour: boolean): string {
  const { cron, timeZone, what, next, prune, sourceLoad, last, suspended, diedAt, underWay, runs } = shown
  const fields = renderFields(
    [
      ['what', WORK[sourceLoad ?? what]],
      ['when', `${cron} (${timeZone})`],
      ['next', suspended === true ? 'suspended' : next.map(formatTime).join(', ')],
      [
        'afterwards',
        prune === undefined ? undefined : `pruned: ${prune.keep} proven sets and ${prune.keepDays} days stay`,
      ],
      ['runs', runs === undefined ? undefined : `pawl ${runs.join(' ')}`],
      ['last', last === undefined ? undefined : `${formatTime(last.at)}, ${outcomeText(last)}`],
      ['', diedAt === undefined ? undefined : `the one that began ${formatTime(diedAt)} ended without a word`],
      ['now', underWay === true ? 'one is under way' : undefined],
    ],
    paintWith(colour),
  )
  return `${fields.join('\n')}\n`
}

export function renderScheduled(outcome: ScheduledOutcome): string {
  return `${cleanLine(outcomeText(outcome))}\n`
}

export function renderScheduleRemoved(release: string, removed: boolean): string {
  return removed ? `the schedule of ${release} is gone; its sets stay\n` : `${release} had no schedule\n`
}

export function outcomeText(outcome: ScheduledOutcome): string {
  switch (outcome.outcome) {
    case 'done':
      return `done${outcome.set === undefined ? '' : `, set ${outcome.set}`}`
    case 'skipped':
      return `skipped: ${outcome.why}`
    case 'failed':
      return `failed [${outcome.code}]: ${outcome.message}`
  }
}
