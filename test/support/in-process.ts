// The command line in this process, for tests that need no cluster: real doors, a home directory of their own, a day of their own.
import { runCli } from '../../src/apps/cli/run.ts'
import { wire } from '../../src/apps/cli/wire.ts'

export interface Said {
  exitCode: number
  stdout: string
  stderr: string
}

/** `today` is a day such as `2026-11-23`, the one that support periods are judged by. */
export async function pawlIn(home: string, today: string, argv: readonly string[]): Promise<Said> {
  const said = { stdout: '', stderr: '' }
  const doors = wire({ HOME: home, PATH: process.env['PATH'] })
  const exitCode = await runCli({
    argv,
    doors: { ...doors, today: () => new Date(`${today}T12:00:00Z`) },
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
  await doors.close()
  return { exitCode, ...said }
}
