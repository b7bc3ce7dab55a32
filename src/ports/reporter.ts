// Whoever watches a run: a terminal, a log file, a program. Watching never changes anything.
import type { DataProgress } from '../core/data/tasks.ts'
import type { Run, RunState, StepName } from '../core/run/run.ts'

export interface Reporter {
  /** The journal has a new entry (the last of `run.events`); `state` is its fold. */
  state(run: Run, state: RunState): void
  /** What the current step says of itself; frequent, never stored. */
  progress(step: StepName, progress: DataProgress): void
}
