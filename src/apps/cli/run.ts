// One invocation from arguments to exit code: signals, the program, and errors as people and programs want them.
import { PawlError, reportOf } from '../../core/errors.ts'
import { COMMANDS } from './commands/index.ts'
import { runProgram } from './program.ts'
import { renderError } from './render/error.ts'
import type { Doors, Terminal } from './session.ts'

export interface Invocation {
  argv: readonly string[]
  doors: Doors
  terminal: Terminal
  version: string
  env: Record<string, string | undefined>
  /** Calls back on Ctrl-C or SIGTERM; returns how to stop listening. */
  onInterrupt(callback: () => void): () => void
  /** Ends the process at once, for the second Ctrl-C. */
  quit(code: number): void
}

const INTERRUPTED = 130

export async function runCli(invocation: Invocation): Promise<number> {
  const { argv, doors, terminal, version, env } = invocation
  const stopping = new AbortController()
  const ignore = invocation.onInterrupt(() => {
    if (stopping.signal.aborted) invocation.quit(INTERRUPTED)
    terminal.writeError(
      '\nStopping at the next safe point. Ctrl-C again ends at once; the run can be resumed either way.\n',
    )
    stopping.abort(
      new PawlError({
        code: 'run-stopped',
        message: 'stopped by the operator before anything was begun',
        unchanged: 'Nothing was changed.',
      }),
    )
  })
  try {
    return await runProgram({ commands: COMMANDS, version, doors, terminal, stop: stopping.signal, env }, argv)
  } catch (error) {
    const json = argv.some(
      (word, index) =>
        word === '-ojson' ||
        word === '--output=json' ||
        (word === 'json' && ['-o', '--output'].includes(argv[index - 1] ?? '')),
    )
    if (json) terminal.write(`${JSON.stringify({ type: 'error', error: reportOf(error) })}\n`)
    else terminal.writeError(renderError(error, terminal.colour))
    return error instanceof PawlError ? error.exitCode : 70
  } finally {
    ignore()
  }
}
