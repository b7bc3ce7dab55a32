// pawl runs list and pawl runs show.
import { fold } from '../../../core/run/fold.ts'
import type { Run, RunState } from '../../../core/run/run.ts'
import { formatAge, formatDuration, formatTime, millisecondsBetween, plural } from './format.ts'
import { createJournalReader } from './reporter/journal.ts'
import { textOf } from './reporter/plain.ts'
import { clean, cleanLine, paintWith } from './style.ts'
import { renderTable } from './table.ts'
import { endLines, treeLines } from './tree.ts'
import { padEnd } from './width.ts'

const COLUMNS = ['RUN', 'KIND', 'TO', 'BEGUN', 'TOOK', 'PHASE', 'STATE'].map((title) => ({ title }))

export function renderRunList(runs: readonly Run[], now: Date, colour: boolean): string {
  if (runs.length === 0) return 'No runs yet.\n'
  const rows = runs.map((run) => {
    const state = fold(run.events)
    const begun = run.events[0]?.at ?? run.createdAt
    const took = millisecondsBetween(begun, state.ended?.at ?? now)
    return [
      run.name,
      run.spec.kind,
      versionOf(run),
      formatTime(begun),
      took === undefined ? '' : formatDuration(took),
      state.phase,
      wordOf(run, state),
    ]
  })
  return `${renderTable(COLUMNS, rows, paintWith(colour)).join('\n')}\n`
}

/** The tree with what each step found, how it ended, and the whole journal. */
export function renderRun(run: Run, now: Date, colour: boolean): string {
  const paint = paintWith(colour)
  const state = fold(run.events)
  const begun = run.events[0]?.at ?? run.createdAt
  const lines = [
    ...treeLines(run, state, { paint, now }),
    ...endLines(run, state, paint),
    '',
    `begun ${formatAge(begun, now)}`,
    ...acceptedLines(run),
    ...(state.holder === undefined ? [] : [`last owner ${cleanLine(state.holder)} (fence ${state.fence})`]),
    '',
    paint('bold', `Journal, ${plural(run.events.length, 'entry', 'entries')}`),
    ...journalLines(run),
  ]
  return `${lines.join('\n')}\n`
}

function acceptedLines({ spec }: Run): string[] {
  if (spec.kind !== 'upgrade') return []
  return spec.plan.accepted.map(({ gate, by, at, evidence }) =>
    cleanLine(`accepted ${gate} by ${by}, ${formatTime(at)}: ${evidence}`),
  )
}

function journalLines(run: Run): string[] {
  return createJournalReader()
    .news(run)
    .flatMap(({ entry, state }) => {
      const [first = '', ...more] = clean(textOf(entry, state)).trimEnd().split('\n')
      const step = 'step' in entry ? entry.step : 'run'
      return [`  ${formatTime(entry.at)}  ${padEnd(step, 9)}  ${first}`, ...more.map((line) => `      ${line}`)]
    })
}

function versionOf(run: Run): string {
  const { spec } = run
  return cleanLine(spec.kind === 'backup' ? spec.plan.of.appVersion : spec.plan.to.appVersion)
}

function wordOf(run: Run, state: RunState): string {
  if (state.ended !== undefined) return state.ended.outcome
  if (state.parked !== undefined) return `parked at ${state.parked.step}`
  if (run.events.length === 0) return 'never begun'
  return state.stoppedAt === undefined ? 'unfinished' : 'stopped'
}
