// Which journal entries a view has not shown yet, each with the state it led to; a journal may already have entries when a view begins.
import { apply, EMPTY_STATE } from '../../../../core/run/fold.ts'
import type { Run, RunEvent, RunState } from '../../../../core/run/run.ts'

export interface News {
  entry: RunEvent
  /** The fold up to and with this entry. */
  state: RunState
}

export interface JournalReader {
  /** Entries since the last call. Another run starts over. */
  news(run: Run): News[]
}

export function createJournalReader(): JournalReader {
  let [name, seen, state] = ['', 0, EMPTY_STATE]
  return {
    news(run) {
      if (run.name !== name) [name, seen, state] = [run.name, 0, EMPTY_STATE]
      const found: News[] = []
      for (const entry of run.events.slice(seen)) {
        state = apply(state, entry)
        found.push({ entry, state })
      }
      seen = run.events.length
      return found
    },
  }
}
