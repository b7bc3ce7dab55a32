// Other programs, as child processes: found by name or path, never through a shell, each in a process group of its own.
import type { Readable, Writable } from 'node:stream'

export interface ProgramRequest {
  /** Name (looked up in PATH) or absolute path. */
  program: string
  args: readonly string[]
  /** Added to this process's environment. Secrets may travel here, never in `args`. */
  env?: Record<string, string>
  cwd?: string
  /** Written to the program's standard input, which is closed after it; closed at once where absent. */
  input?: string | Uint8Array
  /** Runs it as another user; only root may. */
  as?: { uid: number; gid: number }
  /** Called with each whole line of its error output, as it comes. */
  onErrorLine?: (line: string) => void
  /** How long a program that is told to end (SIGTERM) may take before it is killed; 5 s where absent. */
  graceMs?: number
}

export interface ProgramEnd {
  /** 128 + the signal's number where a signal ended it. */
  exitCode: number
  /** Both are cut to their last 1 MiB. */
  stdout: string
  stderr: string
}

/** A program that runs beside us. */
export interface RunningProgram {
  readonly pid: number
  readonly stdin: Writable
  readonly stdout: Readable
  /** Settles when the program has ended; never rejects. */
  readonly ended: Promise<ProgramEnd>
  /** SIGTERM, and SIGKILL after the grace time; resolves when it has ended. Idempotent. */
  stop(): Promise<ProgramEnd>
}

export interface Processes {
  /**
   * Runs a program to its end; a status other than 0 is an answer, not an exception. Throws `ProgramMissing` where there is
   * no such program, and the signal's reason after the program has ended where the signal aborted it.
   */
  run(request: ProgramRequest, signal?: AbortSignal): Promise<ProgramEnd>
  /** Starts a program whose input and output the caller works with. Throws `ProgramMissing`. */
  start(request: ProgramRequest): Promise<RunningProgram>
}

/** There is no such program, or it may not be executed. */
export class ProgramMissing extends Error {
  readonly program: string
  constructor(program: string, cause?: unknown) {
    super(`${program}: not found or not executable`, { cause })
    this.name = 'ProgramMissing'
    this.program = program
  }
}
