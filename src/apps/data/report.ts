// What the program says: JSON lines on standard output, and the outcome once more where Kubernetes keeps it after the pod.
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { access, writeFile } from 'node:fs/promises'
import type { DataProgress } from '../../core/data/tasks.ts'
import { reportOf, type ErrorReport } from '../../core/errors.ts'

const LINE_EVERY_MS = 500
const MESSAGE_LIMIT = 1500
const TERMINATION_BYTES = 4000

export interface Reporter {
  progress: (progress: DataProgress) => void
  /** Writes what was held back. */
  flush: () => void
}

export interface ReporterClock {
  nowMs: () => number
  /** Calls back after so many milliseconds, unless the process has ended before. */
  later: (callback: () => void, ms: number) => void
}

/** At most twice a second. What comes sooner waits for its turn; of what waits, the newest of each phase of each database is said. */
export function progressReporter(write: (line: string) => void, clock: ReporterClock): Reporter {
  let lastAt = Number.NEGATIVE_INFINITY
  const held = new Map<string, DataProgress>()
  function flush(): void {
    if (held.size === 0) return
    lastAt = clock.nowMs()
    for (const progress of held.values()) write(`${JSON.stringify({ t: 'progress', ...progress })}\n`)
    held.clear()
  }
  return {
    progress(progress) {
      const waiting = held.size > 0
      const key = `${progress.phase}/${progress.role ?? ''}`
      // What moved last is said last.
      held.delete(key)
      held.set(key, progress)
      const leftMs = lastAt + LINE_EVERY_MS - clock.nowMs()
      if (leftMs <= 0) flush()
      else if (!waiting) clock.later(flush, leftMs)
    },
    flush,
  }
}

/** The digest is over the exact JSON text of `result` in the line, so that a cut or mixed-up log cannot pass for an answer. */
export function resultLine(result: unknown): { line: string; sha256: string } {
  const text = JSON.stringify(result)
  const sha256 = createHash('sha256').update(text).digest('hex')
  return { line: `{"t":"result","sha256":"${sha256}","result":${text}}\n`, sha256 }
}

export function errorLine(report: ErrorReport): string {
  return `${JSON.stringify({ t: 'error', report })}\n`
}

/** For an error thrown by the work. Passwords and keys are never part of one; a long text is cut. */
export function safeReport(error: unknown): ErrorReport {
  const report = reportOf(error)
  return { ...report, message: report.message.slice(0, MESSAGE_LIMIT) }
}

export type Termination = { ok: true; sha256: string } | { ok: false; code: string; message: string }

/** Kubernetes reads at most 4096 bytes; a message that would be longer loses its end, the JSON around it stays whole. */
function terminationText(outcome: Termination): string {
  const text = JSON.stringify(outcome)
  if (outcome.ok || Buffer.byteLength(text) <= TERMINATION_BYTES) return text
  return terminationText({ ...outcome, message: outcome.message.slice(0, Math.floor(outcome.message.length / 2)) })
}

export async function writeTermination(path: string, outcome: Termination): Promise<void> {
  const there = await access(path, constants.W_OK).then(
    () => true,
    () => false,
  )
  if (there) await writeFile(path, terminationText(outcome))
}
