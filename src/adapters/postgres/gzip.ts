// gzip at a fifth of what zlib needs for it: `igzip` of Intel's ISA-L, for the majors whose own pg_dump knows nothing quicker than zlib.
import { Readable } from 'node:stream'
import { PawlError } from '../../core/errors.ts'
import type { Gzip } from '../../ports/pgtools.ts'
import { ProgramMissing, type Processes } from '../../ports/process.ts'
import { errorLines } from './programs.ts'

const PROGRAM = 'igzip'
/** Files as small as `gzip -1` makes them or smaller; level 3 takes half as long again for a fiftieth less. */
const LEVEL = 2

/** Undefined where the program is not here. */
export async function findGzip(processes: Processes): Promise<Gzip | undefined> {
  try {
    const { exitCode } = await processes.run({ program: PROGRAM, args: ['--version'] })
    return exitCode === 0 ? igzip(processes) : undefined
  } catch (error) {
    if (error instanceof ProgramMissing) return undefined
    throw error
  }
}

function igzip(processes: Processes): Gzip {
  async function* packed(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    signal.throwIfAborted()
    const running = await processes.start({ program: PROGRAM, args: [`-${LEVEL}`, '--no-name', '--stdout', path] })
    running.stdin.end()
    const stop = (): void => void running.stop()
    signal.addEventListener('abort', stop, { once: true })
    try {
      for await (const chunk of running.stdout as AsyncIterable<Uint8Array>) yield chunk
      const end = await running.ended
      signal.throwIfAborted()
      if (end.exitCode === 0) return
      const message = `${PROGRAM} ended with ${end.exitCode}: ${errorLines(end.stderr)}`
      throw new PawlError({ code: 'backup-failed', message, facts: { program: PROGRAM, exitCode: end.exitCode } })
    } finally {
      signal.removeEventListener('abort', stop)
      await running.stop()
    }
  }

  return {
    compression: `gzip:${LEVEL}`,
    packed: (path, signal) => Readable.from(packed(path, signal), { objectMode: false, highWaterMark: 256 * 1024 }),
  }
}
