// The command line in this process, for tests that need no cluster: real doors, a home directory of their own, a day of their own.
import { runCli } from '../../src/apps/cli/run.ts'
import type { Doors } from '../../src/apps/cli/session.ts'
import { wire } from '../../src/apps/cli/wire.ts'

export interface Said {
  exitCode: number
  stdout: string
  stderr: string
}

/** `today` is a day such as `2026-11-23`, the one that support periods are judged by. */
export async function pawlIn(home: string, today: string, argv: readonly string[]): Promise<Said> {
  const doors = wire({ HOME: home, PATH: process.env['PATH'] })
  const said = await pawlThrough({ ...doors, today: () => new Date(`${today}T12:00:00Z`) }, argv)
  await doors.close()
  return said
}

/** Through doors of the test's own. */
export async function pawlThrough(doors: Doors, argv: readonly string[]): Promise<Said> {
  const said = { stdout: '', stderr: '' }
  const exitCode = await runCli({
    argv,
    doors,
    terminal: {
      write: (text) => {
        said.stdout += text
      },
      writeError: (text) => {
        said.stderr += text
      },
      isTty: false,
      width: () => 100,
      colour: false,
      ask: () => Promise.resolve(undefined),
    },
    version: 'test',
    env: {},
    onInterrupt: () => () => undefined,
    quit: () => undefined,
  })
  return { exitCode, ...said }
}
