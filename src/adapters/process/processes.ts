// Child processes through execa: no shell, own process group, killed when we are told to stop or when we end.
import { execa, ExecaError, type Options } from 'execa'
import { constants } from 'node:os'
import { ProgramMissing, type Processes, type ProgramEnd, type ProgramRequest } from '../../ports/process.ts'

const TAIL_BYTES = 1024 * 1024
const GRACE_MS = 5000

function optionsFor(request: ProgramRequest) {
  return {
    reject: false,
    stripFinalNewline: false,
    // Ctrl-C in a terminal goes to a whole process group; what a child must do then is our decision.
    detached: true,
    cleanup: true,
    forceKillAfterDelay: request.graceMs ?? GRACE_MS,
    ...(request.env === undefined ? {} : { env: request.env }),
    ...(request.cwd === undefined ? {} : { cwd: request.cwd }),
    ...(request.as === undefined ? {} : { uid: request.as.uid, gid: request.as.gid }),
  } as const satisfies Options
}

interface Outcome {
  exitCode?: number | undefined
  signal?: string | undefined
  stdout?: unknown
  stderr?: unknown
  cause?: unknown
  pid?: number | undefined
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function endOf(outcome: Outcome): ProgramEnd {
  const number = outcome.signal === undefined ? 0 : ((constants.signals as Record<string, number>)[outcome.signal] ?? 0)
  return { exitCode: outcome.exitCode ?? 128 + number, stdout: text(outcome.stdout), stderr: text(outcome.stderr) }
}

/** Keeps the last part of a stream: the end of a long message is the part that says why. */
function tail() {
  let kept = ''
  return {
    push(chunk: string): void {
      kept = (kept + chunk).slice(-TAIL_BYTES)
    },
    text: () => kept,
  }
}

/** Gives on each line when it is whole. */
function wholeLines(onLine: (line: string) => void): (chunk: string) => void {
  let begun = ''
  return (chunk) => {
    const lines = (begun + chunk).split('\n')
    begun = lines.pop() ?? ''
    for (const line of lines) onLine(line)
  }
}

/** There was nothing to run: the process never had an id. */
function refuseMissing(outcome: unknown, program: string): void {
  const error = outcome instanceof ExecaError ? outcome : undefined
  const code = error?.code
  if (code === 'ENOENT' || code === 'EACCES' || code === 'ENOTDIR') throw new ProgramMissing(program, error)
  if (error !== undefined && error.exitCode === undefined && error.signal === undefined) {
    throw new Error(error.shortMessage, { cause: error })
  }
}

export function childProcesses(): Processes {
  return {
    async run(request, signal) {
      signal?.throwIfAborted()
      const child = execa(request.program, [...request.args], {
        ...optionsFor(request),
        ...(request.input === undefined ? { stdin: 'ignore' } : { input: request.input }),
        buffer: false,
        encoding: 'utf8',
        ...(signal === undefined ? {} : { cancelSignal: signal }),
      })
      const [out, err] = [tail(), tail()]
      child.stdout?.setEncoding('utf8').on('data', out.push)
      child.stderr?.setEncoding('utf8').on('data', err.push)
      if (request.onErrorLine !== undefined) child.stderr?.on('data', wholeLines(request.onErrorLine))
      const outcome = await child
      signal?.throwIfAborted()
      refuseMissing(outcome, request.program)
      return { ...endOf(outcome), stdout: out.text(), stderr: err.text() }
    },
    async start(request) {
      const child = execa(request.program, [...request.args], {
        ...optionsFor(request),
        stdin: 'pipe',
        stdout: 'pipe',
        stderr: 'pipe',
        buffer: false,
      })
      const err = tail()
      child.stderr.setEncoding('utf8').on('data', err.push)
      if (child.pid === undefined) {
        refuseMissing(await child, request.program)
        throw new ProgramMissing(request.program)
      }
      // The reader's end of a pipe may go away first; the status tells what happened.
      child.stdin.on('error', () => undefined)
      const ended = child.then((outcome) => ({ ...endOf(outcome), stdout: '', stderr: err.text() }))
      return {
        pid: child.pid,
        stdin: child.stdin,
        stdout: child.stdout,
        ended,
        async stop() {
          child.kill('SIGTERM')
          return await ended
        },
      }
    },
  }
}
