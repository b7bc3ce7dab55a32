// For programs: JSON lines, a contract (docs/reference/json.md). Events are complete, progress is thinned out.
import { createTracks, type Tracks } from '../../../../core/progress/tracks.ts'
import type { Run, RunState } from '../../../../core/run/run.ts'
import type { ClosableReporter, ReporterOptions } from '../reporter.ts'
import { createJournalReader } from './journal.ts'

const PROGRESS_MS = 1_000

export function jsonReporter({ out, now }: Pick<ReporterOptions, 'out' | 'now'>): ClosableReporter {
  const journal = createJournalReader()
  const toldAtMs = new Map<string, number>()
  const tracks = createTracks()
  let last: { run: Run; state: RunState } | undefined
  let isClosed = false
  const say = (line: Record<string, unknown>): void => out.write(`${JSON.stringify(line)}\n`)
  return {
    state(run, state) {
      tracks.clear()
      for (const { entry, state: after } of journal.news(run))
        say({ type: 'event', run: run.name, ...whereOf(run), phase: after.phase, event: entry })
      last = { run, state }
    },
    progress(step, progress) {
      const at = now()
      tracks.add(progress, at.getTime())
      const key = `${step}/${progress.phase}/${progress.role ?? ''}`
      const isComplete = progress.bytes !== undefined && progress.bytes === progress.bytesTotal
      if (isClosed || (!isComplete && at.getTime() - (toldAtMs.get(key) ?? Number.NEGATIVE_INFINITY) < PROGRESS_MS))
        return
      toldAtMs.set(key, at.getTime())
      say({ type: 'progress', run: last?.run.name, at: at.toISOString(), step, progress, left: leftOf(tracks, at) })
    },
    close() {
      if (!isClosed && last !== undefined) say(endOf(last.run, last.state))
      isClosed = true
    },
  }
}

/** `null`: not known. */
function leftOf(tracks: Tracks, at: Date): { seconds: number; estimated: boolean } | null {
  const left = tracks.timeLeft(at.getTime())
  return left === undefined ? null : { ...left, seconds: Math.ceil(left.seconds) }
}

function whereOf(run: Run): { release: string; namespace: string; kind: string } {
  return { release: run.spec.plan.release, namespace: run.namespace, kind: run.spec.kind }
}

function endOf(run: Run, state: RunState): Record<string, unknown> {
  const end = { type: 'end', run: run.name, ...whereOf(run), phase: state.phase }
  if (state.ended !== undefined) return { ...end, outcome: state.ended.outcome }
  if (state.parked !== undefined) {
    const { step, error, next } = state.parked
    return { ...end, outcome: 'parked', step, error, next }
  }
  return { ...end, outcome: state.stoppedAt === undefined ? 'open' : 'stopped' }
}
