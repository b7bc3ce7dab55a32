// This process as an invocation: its arguments, its terminal, its signals.
import type { Invocation } from './run.ts'
import type { Doors } from './session.ts'
import { realTerminal } from './terminal.ts'
import { VERSION } from './version.ts'

export function processInvocation(doors: Doors): Invocation {
  return {
    argv: process.argv.slice(2),
    doors,
    terminal: realTerminal(),
    version: VERSION,
    env: process.env,
    onInterrupt(callback) {
      process.on('SIGINT', callback)
      process.on('SIGTERM', callback)
      return () => {
        process.off('SIGINT', callback)
        process.off('SIGTERM', callback)
      }
    },
    quit: (code) => process.exit(code),
  }
}
