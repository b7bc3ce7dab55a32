// Time for those who wait for the in-memory cluster.
import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../ports/world.ts'

const START = Date.parse('2026-11-23T17:00:00Z')
const LONGEST_MS = 3_600_000

/** Every sleep is over at once, and the clock says that it lasted. Who would wait without an end is told so after an hour. */
export function quickClock(): Clock {
  let now = START
  return {
    now: () => new Date(now),
    sleep: async (ms, signal) => {
      now += ms
      if (now - START > LONGEST_MS) throw new Error('waited for an hour')
      await setImmediate()
      signal?.throwIfAborted()
    },
  }
}
