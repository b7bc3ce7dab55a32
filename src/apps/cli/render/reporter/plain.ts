// For log files: a line with its time for each journal entry, and progress every few seconds. No control characters.
import type { ErrorReport } from '../../../../core/errors.ts'
import type { RunEvent, RunState, StepName } from '../../../../core/run/run.ts'
import { formatDuration, formatTime, millisecondsBetween } from '../format.ts'
import { createMeter } from '../meter.ts'
import type { ClosableReporter, ReporterOptions } from '../reporter.ts'
import { evidenceLine, STEP_TITLES } from '../steps.ts'
import { clean, cleanLine } from '../style.ts'
import { titleOf } from '../tree.ts'
import { padEnd } from '../width.ts'
import { createJournalReader } from './journal.ts'

const PROGRESS_MS = 5_000
const NAME_COLUMNS = 9

export function plainReporter({ out, now }: Pick<ReporterOptions, 'out' | 'now'>): ClosableReporter {
  const journal = createJournalReader()
  const meter = createMeter()
  let toldAtMs = Number.NEGATIVE_INFINITY
  let isClosed = false
  const say = (at: string, name: string, text: string): void => {
    const [first = '', ...more] = clean(text).trimEnd().split('\n')
    out.write(`${`${formatTime(at)}  ${padEnd(name, NAME_COLUMNS)}  ${first}`.trimEnd()}\n`)
    for (const line of more) out.write(`    ${line}\n`)
  }
  return {
    state(run) {
      for (const { entry, state } of journal.news(run)) {
        if (entry.event === 'created') say(entry.at, 'run', `${titleOf(run)}, run ${run.name}, by ${entry.by}`)
        else say(entry.at, nameOf(entry), textOf(entry, state))
        meter.clear()
        toldAtMs = Date.parse(entry.at)
      }
    },
    progress(step, progress) {
      const at = now()
      meter.add(progress, at.getTime())
      if (isClosed || at.getTime() - toldAtMs < PROGRESS_MS) return
      toldAtMs = at.getTime()
      say(at.toISOString(), step, `  ${meter.newest(at.getTime()) ?? ''}`)
    },
    close() {
      isClosed = true
    },
  }
}

function nameOf(entry: RunEvent): StepName | 'run' {
  return 'step' in entry ? entry.step : 'run'
}

/** One journal entry in words. */
export function textOf(entry: RunEvent, state: RunState): string {
  switch (entry.event) {
    case 'created':
      return `begun by ${entry.by}`
    case 'owned':
      return `owned by ${entry.holder} (fence ${entry.fence})`
    case 'intent':
      return `${STEP_TITLES[entry.step]}${entry.attempt > 1 ? ` (try ${entry.attempt})` : ''}`
    case 'done':
      return doneText(entry, state)
    case 'failed':
      return `try ${entry.attempt} failed: ${inWords(entry.error)}`
    case 'parked':
      return `parked: ${inWords(entry.error)}\nnext: ${cleanLine(entry.next)}`
    case 'resumed':
      return `resumed by ${entry.by}`
    case 'abort-requested':
      return `to be given up, asked by ${entry.by}`
    case 'stopped':
      return `stopped by ${entry.by}: ${entry.why}`
    case 'ended':
      return `ended: ${entry.outcome}${entry.note === undefined ? '' : ` (${entry.note})`}`
  }
}

function doneText(entry: Extract<RunEvent, { event: 'done' }>, state: RunState): string {
  const ms = millisecondsBetween(state.steps[entry.step]?.startedAt, entry.at)
  const took = ms === undefined ? 'done' : `done in ${formatDuration(ms)}`
  const found = evidenceLine(entry.step, entry.evidence)
  const opened = entry.phase === 'PONR' ? '; THE POINT OF NO RETURN IS CROSSED' : ''
  return `${took}${found === '' ? '' : `: ${found}`}${opened}`
}

function inWords(error: ErrorReport): string {
  const unchanged = error.unchanged === undefined ? '' : `\nnot changed: ${cleanLine(error.unchanged)}`
  return `${clean(error.message).trimEnd()} (${error.code})${unchanged}`
}
