// The live view: a tree redrawn in place, at most ten times a second, that ends as a still picture of how it went.
import { nextRow } from '../../../../core/run/decide.ts'
import { protocolOf } from '../../../../core/run/protocol.ts'
import type { Run, RunState } from '../../../../core/run/run.ts'
import { createMeter } from '../meter.ts'
import type { ClosableReporter, ReporterOptions } from '../reporter.ts'
import { paintWith } from '../style.ts'
import { endLines, treeLines } from '../tree.ts'
import { cut, widthOf } from '../width.ts'

const FRAME_MS = 100
/** Durations move on although nothing is said. */
const IDLE_FRAME_MS = 1_000
const LIVE_LINES = 3
/** For terminals that do not know their width: some say 0. */
const USUAL_COLUMNS = 80

const UP = (lines: number): string => (lines === 0 ? '\r' : `\u001b[${lines}A\r`)
const CLEAR_LINE = '\u001b[K'
const CLEAR_BELOW = '\u001b[J'

export function liveReporter({ out, colour, width, now }: ReporterOptions): ClosableReporter {
  const paint = paintWith(colour)
  const meter = createMeter()
  let view: { run: Run; state: RunState } | undefined
  let drawnWidths: number[] = []
  let drawnAtMs = 0
  let isDirty = false
  const timer = setInterval(() => {
    const sinceMs = now().getTime() - drawnAtMs
    if (isDirty || sinceMs >= IDLE_FRAME_MS) draw(false)
  }, FRAME_MS)
  timer.unref()

  function draw(isLast: boolean): void {
    if (view === undefined) return
    const { run, state } = view
    const wide = width() > 0 ? width() : USUAL_COLUMNS
    // One column less than there is: a full line would leave the cursor in doubt.
    const columns = Math.max(1, wide - 1)
    const live = isLast ? [] : meter.lines(LIVE_LINES, now().getTime())
    const all = [...treeLines(run, state, { paint, now: now(), live }), ...endLines(run, state, paint)]
    const lines = all.map((line) => (isLast ? line : cut(line, columns)))
    // What was drawn may have been wrapped by a narrower window since.
    const rows = drawnWidths.reduce((sum, drawn) => sum + Math.max(1, Math.ceil(drawn / wide)), 0)
    out.write(`${UP(rows)}${lines.map((line) => `${line}${CLEAR_LINE}\n`).join('')}${CLEAR_BELOW}`)
    drawnWidths = lines.map(widthOf)
    drawnAtMs = now().getTime()
    isDirty = false
  }

  return {
    state(run, state) {
      const stepNow = view === undefined ? undefined : stepOf(view.run, view.state)
      if (view?.run.name !== run.name) drawnWidths = []
      if (stepNow !== stepOf(run, state)) meter.clear()
      view = { run, state }
      isDirty = true
    },
    progress(_step, progress) {
      meter.add(progress, now().getTime())
      isDirty = true
    },
    close() {
      clearInterval(timer)
      draw(true)
      view = undefined
    },
  }
}

function stepOf(run: Run, state: RunState): string | undefined {
  return nextRow(protocolOf(run.spec.kind), state)?.step
}
