// Runs Helm. A run that writes survives this process and the terminal: it has its own process group, and nothing of it is a
// pipe to us, so that neither our death nor a Ctrl-C can stop it half way.
import { createWriteStream } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { PawlError } from '../../core/errors.ts'

/** A release as JSON holds its whole chart; more than this is not a release. */
const STDOUT_CAP_BYTES = 192 << 20
const STDERR_CAP_CHARACTERS = 64 << 10

export interface HelmRun {
  program: string
  args: string[]
  env: Record<string, string>
  /** Private folder of this run. */
  home: string
  signal?: AbortSignal | undefined
}

export interface HelmOutcome {
  ok: boolean
  stdout: string
  stderr: string
}

/** For what only reads. Throws `helm-missing`, or the signal's reason. */
export async function readWithHelm({ program, args, env, home, signal }: HelmRun): Promise<HelmOutcome> {
  const result = await execa(program, args, {
    env,
    extendEnv: false,
    cwd: home,
    stdin: 'ignore',
    reject: false,
    maxBuffer: STDOUT_CAP_BYTES,
    stripFinalNewline: false,
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  })
  signal?.throwIfAborted()
  if (result.isMaxBuffer)
    throw new PawlError({ code: 'helm-failed', message: `Helm printed more than ${STDOUT_CAP_BYTES} bytes.` })
  refuseMissing(program, result)
  return { ok: !result.failed, stdout: result.stdout, stderr: result.stderr.slice(-STDERR_CAP_CHARACTERS) }
}

/** For what writes. An abort sends SIGTERM and waits until Helm has ended, however long it takes: SIGKILL would leave the record pending. */
export async function writeWithHelm({ program, args, env, home, signal }: HelmRun): Promise<HelmOutcome> {
  signal?.throwIfAborted()
  const said = join(home, 'stderr')
  const file = await open(said, 'wx', 0o600)
  try {
    const result = await execa(program, args, {
      env,
      extendEnv: false,
      cwd: home,
      stdin: 'ignore',
      // The release as JSON, values included: nobody needs it.
      stdout: 'ignore',
      // Handed down as it is: Helm writes to the file itself.
      stderr: createWriteStream(said, { fd: file.fd, autoClose: false }),
      buffer: false,
      reject: false,
      detached: true,
      forceKillAfterDelay: false,
      ...(signal === undefined ? {} : { cancelSignal: signal }),
    })
    refuseMissing(program, result)
    // Without an exit code and a signal the program was never started.
    if (result.exitCode === undefined && result.signal === undefined) {
      throw new PawlError({
        code: 'helm-missing',
        message: `The program "${program}" could not be started: ${result.originalMessage}`,
      })
    }
    const stderr = (await readFile(said, 'utf8')).slice(-STDERR_CAP_CHARACTERS)
    // Helm may have finished although it was told to stop.
    return { ok: result.exitCode === 0, stdout: '', stderr }
  } finally {
    await file.close()
  }
}

function refuseMissing(
  program: string,
  result: { failed: boolean; code?: string | undefined; originalMessage?: string | undefined },
): void {
  if (result.code === 'ENOENT' || result.code === 'EACCES' || result.code === 'ENOTDIR') {
    throw new PawlError({ code: 'helm-missing', message: `The program "${program}" cannot be run (${result.code}).` })
  }
}
