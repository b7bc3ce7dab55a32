// A registry of one's own: crane's, on loopback, in memory.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { run } from '../../examples/tally/build/run.ts'
import { layoutOf } from '../cluster/layout.ts'

const PROGRAM = join(layoutOf(process.env).bin, 'crane')

export interface Crane {
  /** `127.0.0.1:PORT` */
  host: string
  /** Runs crane; gives what it says. */
  crane: (...args: string[]) => Promise<string>
  stop: () => void
}

export async function startCrane(): Promise<Crane> {
  const server = spawn(PROGRAM, ['registry', 'serve', '--address', '127.0.0.1:0'])
  const port = await new Promise<string>((resolve, reject) => {
    server.on('error', reject)
    server.stderr.on('data', (text: Buffer) => {
      const found = /serving on port (\d+)/.exec(text.toString('utf8'))?.[1]
      if (found !== undefined) resolve(found)
    })
  })
  return {
    host: `127.0.0.1:${port}`,
    crane: async (...args) => (await run(PROGRAM, args)).trim(),
    stop: () => void server.kill(),
  }
}
