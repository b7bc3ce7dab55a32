// A write that is refused for a reason that goes by itself: made again for so long, and then the refusal is thrown.
import type { StepContext } from './step.ts'

export interface Again {
  forMs: number
  everyMs: number
  /** Whether this refusal goes by itself; everything else is thrown at once. */
  passes: (error: unknown) => boolean
  /** Called before each wait. */
  waiting?: () => void
}

export async function writeAgain<T>(
  { clock, signal }: Pick<StepContext, 'clock' | 'signal'>,
  { forMs, everyMs, passes, waiting }: Again,
  write: () => Promise<T>,
): Promise<T> {
  const until = clock.now().getTime() + forMs
  for (;;) {
    try {
      return await write()
    } catch (error) {
      if (!passes(error) || clock.now().getTime() >= until) throw error
    }
    waiting?.()
    await clock.sleep(everyMs, signal)
  }
}
