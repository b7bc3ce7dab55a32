// How long the steps of earlier runs of an installation took, from their journals: what the next one is likely to take.
import { fold } from '../run/fold.ts'
import type { Run, StepName } from '../run/run.ts'

/** Wall seconds of each step that came to its end at the first try, and how much data there was. */
export interface Pace {
  run: string
  kind: 'upgrade' | 'backup'
  endedAt: string
  sizeBytes: number
  seconds: Partial<Record<StepName, number>>
}

/** Oldest first. Runs that failed, stopped or recovered tell nothing about how long a good one takes. */
export function pacesOf(runs: readonly Run[]): Pace[] {
  return runs.flatMap((run): Pace[] => {
    const { spec } = run
    const state = fold(run.events)
    if (spec.kind === 'recovery' || state.ended?.outcome !== 'done') return []
    // A run that somebody took up again stood still for as long as nobody was there.
    if (run.events.some(({ event }) => event === 'resumed' || event === 'stopped')) return []
    const seconds: Pace['seconds'] = {}
    for (const [step, { done, failures, startedAt, endedAt }] of Object.entries(state.steps)) {
      const took = (Date.parse(endedAt ?? '') - Date.parse(startedAt ?? '')) / 1000
      if (done && failures === 0 && Number.isFinite(took)) seconds[step as StepName] = Math.max(0, took)
    }
    const sizeBytes = spec.plan.databases.reduce((sum, database) => sum + database.sizeBytes, 0)
    return [{ run: run.name, kind: spec.kind, endedAt: state.ended.at, sizeBytes, seconds }]
  })
}
