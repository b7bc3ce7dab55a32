// The program `pawl`: real doors, real terminal.
import { runCli } from './run.ts'
import { realTerminal } from './terminal.ts'
import { VERSION } from './version.ts'
import { wire } from './wire.ts'

const doors = wire(process.env)

process.exitCode = await runCli({
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
})
await doors.close()
