// What the events of an object say, and which of them still counts.
import { recordOf } from '../../core/json.ts'
import type { KubeObject } from '../../ports/cluster.ts'

/** As the cluster says things. */
export interface Said {
  reason: string
  message: string
}

export function saidIn({ reason, message }: KubeObject): Said {
  return { reason: String(reason), message: typeof message === 'string' ? message : '' }
}

/** The newest of them, or of those with one of these reasons. */
export function lastOf(events: KubeObject[], reasons?: string[]): KubeObject | undefined {
  const wanted = events.filter(({ reason }) => reasons === undefined || reasons.includes(String(reason)))
  return wanted.toSorted((a, b) => compare(timeOf(a), timeOf(b))).at(-1)
}

/**
 * An event stays for an hour, whatever came of it. Events have whole seconds: of two in the same one the good news counts, because
 * a failure that goes on is reported again, and a pod that works would be given up.
 */
export function isOver(failure: KubeObject, events: KubeObject[], by: string[]): boolean {
  const success = lastOf(events, by)
  return success !== undefined && timeOf(success) >= timeOf(failure)
}

/** When it was seen last, to the second: which of the fields is set depends on who reported it, and how often. */
function timeOf(event: KubeObject): string {
  const { lastObservedTime } = recordOf(event.series)
  const times = [event.lastTimestamp, event.eventTime, lastObservedTime].filter((time) => typeof time === 'string')
  const seconds = times.map((time) => time.slice(0, 'YYYY-MM-DDThh:mm:ss'.length))
  return seconds.toSorted().at(-1) ?? ''
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1
}
