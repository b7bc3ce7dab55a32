// The terminal this process has: where text goes, whether somebody can answer.
import { createInterface } from 'node:readline/promises'
import type { Terminal } from './session.ts'

const DEFAULT_WIDTH = 100

export function realTerminal(): Terminal {
  const { stdin, stdout, stderr, env } = process
  const isTty = stdout.isTTY === true && env['TERM'] !== 'dumb'
  return {
    isTty,
    colour: isTty && (env['NO_COLOR'] ?? '') === '',
    // Some terminals say that they are 0 columns wide.
    width: () => stdout.columns || DEFAULT_WIDTH,
    write: (text) => {
      stdout.write(text)
    },
    writeError: (text) => {
      stderr.write(text)
    },
    async ask(question) {
      if (stdin.isTTY !== true) return undefined
      const line = createInterface({ input: stdin, output: stderr })
      try {
        return await line.question(question)
      } finally {
        line.close()
      }
    },
  }
}
