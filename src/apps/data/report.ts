// What the program says: JSON lines on standard output, and the outcome once more where Kubernetes keeps it after the pod.
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { access, writeFile } from 'node:fs/promises'
import type { DataProgress } from '../../core/data/tasks.ts'
import { reportOf, type ErrorReport } from '../../core/errors.ts'

const LINE_EVERY_MS = 500
const MESSAGE_LIMIT = 1500

export interface Reporter {
  progress: (progress: DataProgress) => void
  /** Writes what was held back. */
  flush: () => void
}

/** At most two lines a second: the newest progress waits for its turn, older ones of the same phase are dropped. */
export function progressReporter(write: (line: string) => void, now: () => number): Reporter {
  let lastAt = Number.NEGATIVE_INFINITY
  let held: DataProgress | undefined
  const say = (progress: DataProgress): void => {
    lastAt = now()
    held = undefined
    write(`${JSON.stringify({ t: 'progress', ...progress })}\n`)
  }
  return {
    progress(progress) {
      if (now() - lastAt >= LINE_EVERY_MS) say(progress)
      else held = progress
    },
    flush() {
      if (held !== undefined) say(held)
    },
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

/** For an error thrown by the work; an error that is none of ours has no text that is known to be free of secrets. */
export function safeReport(error: unknown): ErrorReport {
  const report = reportOf(error)
  return { ...report, message: report.message.slice(0, MESSAGE_LIMIT) }
}

export async function writeTermination(
  path: string,
  outcome: { ok: true; sha256: string } | { ok: false; code: string; message: string },
): Promise<void> {
  const there = await access(path, constants.W_OK).then(
    () => true,
    () => false,
  )
  // Kubernetes reads at most 4096 bytes.
  if (there) await writeFile(path, JSON.stringify(outcome).slice(0, 4000))
}
