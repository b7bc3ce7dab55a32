// Runs one program to its end. The cluster harness has its own small runner because it must not lean on what it helps to test.
import { spawn } from 'node:child_process'
import { CommandFailed } from './errors.ts'

export interface RunOptions {
  cwd?: string
  env?: Record<string, string | undefined>
  input?: string
  timeoutMs?: number
}

export interface RunResult {
  exitCode: number | null
  stdout: string
  stderr: string
}

/** Runs a program and tells how it ended; never throws for an exit code. Throws `CommandFailed` where it cannot be started at all. */
export function tryRun(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: options.env ?? process.env,
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs, killSignal: 'SIGKILL' }),
    })
    let stdout = ''
    let stderr = ''
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk))
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
    child.on('error', (error) => reject(new CommandFailed(describe(command, args), null, error.message)))
    child.on('close', (exitCode) => resolve({ exitCode, stdout, stderr }))
    child.stdin?.on('error', () => undefined) // A program may end without reading its input; its exit code tells.
    child.stdin?.end(options.input)
  })
}

/** Runs a program and gives its standard output; throws `CommandFailed` with the end of what it said otherwise. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const result = await tryRun(command, args, options)
  if (result.exitCode !== 0) {
    throw new CommandFailed(describe(command, args), result.exitCode, result.stderr.trim() || result.stdout)
  }
  return result.stdout
}

function describe(command: string, args: readonly string[]): string {
  return [command, ...args].join(' ').slice(0, 300)
}
