// When something that is repeated by a cron expression is due.

export interface Timetable {
  /** The next times, soonest first. */
  next: Date[]
  /** The longest that passes between two of them, as far as they were looked at. */
  longestGapMs: number
}

/** Throws `input-invalid` for an expression that Kubernetes would read otherwise or not at all, an unknown time zone, or no time ever. */
export type ReadTimetable = (cron: string, timeZone: string, from: Date) => Timetable
