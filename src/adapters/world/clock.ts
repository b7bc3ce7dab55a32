// The system's clock.
import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '../../ports/world.ts'

export function systemClock(): Clock {
  return { now: () => new Date(), sleep }
}

async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted()
  try {
    await delay(ms, undefined, signal === undefined ? {} : { signal })
  } catch (error) {
    // Node rejects with its own AbortError; callers rely on the reason they gave.
    signal?.throwIfAborted()
    throw error
  }
}
