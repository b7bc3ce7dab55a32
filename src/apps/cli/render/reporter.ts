// Whoever watches a run from this terminal: one fold of its journal and what the current step says, in one of three forms.
import type { Reporter } from '../../../ports/reporter.ts'
import { jsonReporter } from './reporter/json.ts'
import { liveReporter } from './reporter/live.ts'
import { plainReporter } from './reporter/plain.ts'

export interface ReporterOptions {
  /** `tty` redraws a tree in place; `plain` prints a line for each event; `json` is for programs (docs/reference/json.md). */
  mode: 'tty' | 'plain' | 'json'
  out: { write(text: string): void }
  colour: boolean
  /** Columns now; asked again for each drawing, since windows are resized. */
  width: () => number
  now: () => Date
}

export interface ClosableReporter extends Reporter {
  /** Ends the view; its last state stays. May be called twice. */
  close(): void
}

export function createReporter(options: ReporterOptions): ClosableReporter {
  switch (options.mode) {
    case 'tty':
      return liveReporter(options)
    case 'plain':
      return plainReporter(options)
    case 'json':
      return jsonReporter(options)
  }
}
