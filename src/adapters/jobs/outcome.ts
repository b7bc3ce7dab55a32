// What a task ended with: the container's log says it in full, its termination message says which text is the true one.
import { PawlError, errorFromReport, reportOf, type ErrorCode, type ErrorReport } from '../../core/errors.ts'
import { isRecord, recordOf, textOf } from '../../core/json.ts'
import type { DataProgress } from '../../core/data/tasks.ts'
import { sha256 } from './manifest.ts'

/** A task's end, as it is kept on the Job. */
export type Outcome = { ok: true; sha256: string; result: unknown } | { ok: false; report: ErrorReport }

/** Lines that are no messages, kept for the error: what a program says before it dies. */
const KEPT_LINES = 5
const LONGEST_LINE = 300

/** Collects what the container's log says. */
export class LogReader {
  readonly #onProgress: ((progress: DataProgress) => void) | undefined
  #result: { sha256: string; value: unknown } | undefined
  #report: ErrorReport | undefined
  #others: string[] = []

  constructor(onProgress?: (progress: DataProgress) => void) {
    this.#onProgress = onProgress
  }

  take(line: string): void {
    const message = messageIn(line)
    if (message?.t === 'progress') {
      const { t: _t, ...progress } = message
      if (typeof progress.phase === 'string') this.#onProgress?.(progress as unknown as DataProgress)
    } else if (message?.t === 'result') {
      this.#result = { sha256: textOf(message.sha256) ?? '', value: message.result }
    } else if (message?.t === 'error' && isRecord(message.report)) {
      this.#report = message.report as unknown as ErrorReport
    } else if (line.trim() !== '') {
      this.#others = [...this.#others, line.slice(0, LONGEST_LINE)].slice(-KEPT_LINES)
    }
  }

  /** Undefined while log and termination message do not tell the same: the log was cut, or the container died without a word. */
  outcome(terminationMessage: string | undefined): Outcome | undefined {
    const said = messageIn(terminationMessage ?? '')
    if (said?.ok === true) {
      const result = this.#result
      if (result === undefined || result.sha256 !== said.sha256 || sha256(JSON.stringify(result.value)) !== said.sha256)
        return undefined
      return { ok: true, sha256: result.sha256, result: result.value }
    }
    // A message that was cut is no JSON; the log's own report of a failure can be believed without it.
    if (said?.ok !== false) return this.#report === undefined ? undefined : { ok: false, report: this.#report }
    if (this.#report !== undefined && this.#report.code === said.code) return { ok: false, report: this.#report }
    const code = (textOf(said.code) ?? 'job-failed') as ErrorCode
    return {
      ok: false,
      report: reportOf(new PawlError({ code, message: textOf(said.message) ?? 'The task failed without saying why.' })),
    }
  }

  get lastWords(): string {
    return this.#others.join(' | ')
  }
}

/** True where the container said how it ended; whether that counts is for the log to confirm. */
export function saidHowItEnded(terminationMessage: string | undefined): boolean {
  return typeof messageIn(terminationMessage ?? '')?.ok === 'boolean'
}

export function resultOf(outcome: Outcome): unknown {
  if (outcome.ok) return outcome.result
  throw errorFromReport(outcome.report)
}

/** Kept on the Job so that it outlives the pod; annotations may have 256 KiB in all. */
const LARGEST_KEPT_BYTES = 200_000

export function toAnnotation(outcome: Outcome): string | undefined {
  const text = JSON.stringify(outcome)
  return Buffer.byteLength(text) < LARGEST_KEPT_BYTES ? text : undefined
}

export function fromAnnotation(text: string | undefined): Outcome | undefined {
  const value = text === undefined ? undefined : messageIn(text)
  if (value?.ok === true && typeof value.sha256 === 'string' && sha256(JSON.stringify(value.result)) === value.sha256) {
    return { ok: true, sha256: value.sha256, result: value.result }
  }
  const report = recordOf(value?.report)
  return value?.ok === false && typeof report.code === 'string'
    ? { ok: false, report: report as unknown as ErrorReport }
    : undefined
}

function messageIn(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    const value: unknown = JSON.parse(line)
    return isRecord(value) ? value : undefined
  } catch {
    // Not one of ours: a line of some other program that begins with a brace, or one that was cut.
    return undefined
  }
}
