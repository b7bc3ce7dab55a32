// Wall time of a program from the outside, as the person who typed it feels it.
import { spawn } from 'node:child_process'
import { performance } from 'node:perf_hooks'

export interface Command {
  program: string
  args: readonly string[]
  env: NodeJS.ProcessEnv
}

/** Milliseconds from start to exit; throws with the end of its output where it fails, since a failure is no measurement. */
export async function timeOnce({ program, args, env }: Command): Promise<number> {
  const startedAt = performance.now()
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-2_000)
    })
  }
  const code = await new Promise<number | null>((settle, refuse) => {
    child.once('error', refuse)
    child.once('close', settle)
  })
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code ?? 'a signal'}:\n${said}`)
  return performance.now() - startedAt
}

/** Rounds of all commands in turn, so that whatever else the machine does falls on each alike. The first round only warms up. */
export async function timeInTurn(rounds: number, commands: readonly Command[]): Promise<number[][]> {
  const times: number[][] = commands.map(() => [])
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, command] of commands.entries()) {
      const ms = await timeOnce(command)
      if (round > 0) times[index]?.push(ms)
    }
  }
  return times
}
