// How long a release is supported, told from its own date and today's.
import type { Version } from '../versions/version.ts'
import { addMonths, dayOf, daysBetween } from './dates.ts'
import type { Day } from './dates.ts'

export type SupportState = 'supported' | 'ending' | 'ended' | 'unknown'

export interface Support {
  state: SupportState
  /** Last day on which it is supported, the whole day in UTC; absent where the release date is not known. */
  until?: Day
  /** Days left, 0 on the last day, negative afterwards. */
  daysLeft?: number
  /** Why the state is unknown. */
  why?: string
}

export interface SupportRule {
  supportMonths: number
  warnDays: number
}

/** The release date a calendar version carries; semantic versions carry none. */
export function releaseDayOf(version: Version): Day | undefined {
  return version.scheme === 'calver' ? dayOf(...version.numbers) : undefined
}

/** Last day of support, inclusive. */
export function supportedUntil(released: Day, months: number): Day {
  return addMonths(released, months)
}

/**
 * State on a day. A clock that is earlier than the newest release known is wrong, so that nothing follows from it;
 * only finished releases count for that, since a candidate is named after the day its release is planned for.
 */
export function supportOf(released: Day | undefined, rule: SupportRule, today: Day, newestReleaseKnown?: Day): Support {
  if (released === undefined) return { state: 'unknown', why: 'its release date is not known' }
  const until = supportedUntil(released, rule.supportMonths)
  const newest = newestReleaseKnown !== undefined && newestReleaseKnown > released ? newestReleaseKnown : released
  if (today < newest) return { state: 'unknown', until, why: `the clock says ${today}, before a release of ${newest}` }
  const daysLeft = daysBetween(today, until)
  const state = daysLeft < 0 ? 'ended' : daysLeft <= rule.warnDays ? 'ending' : 'supported'
  return { state, until, daysLeft }
}
