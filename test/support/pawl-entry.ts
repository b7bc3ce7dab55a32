// Pawl as tests and demo run it: the real program with two things set from outside that users have no say in. The calendar stands
// on a day when the sample product's releases are supported, and the process can be told to kill itself at a named checkpoint.
import { runCli } from '../../src/apps/cli/run.ts'
import { realTerminal } from '../../src/apps/cli/terminal.ts'
import { VERSION } from '../../src/apps/cli/version.ts'
import { wire } from '../../src/apps/cli/wire.ts'

const doors = wire(process.env)
const today = new Date(`${process.env['PAWL_TEST_TODAY'] ?? '2026-11-23'}T12:00:00Z`)
const killAt = process.env['PAWL_TEST_KILL_AT']
const leaseMs = Number(process.env['PAWL_TEST_LEASE_MS'] ?? doors.leaseMs)

process.exitCode = await runCli({
  argv: process.argv.slice(2),
  doors: {
    ...doors,
    leaseMs,
    today: () => today,
    checkpoint: (name) => {
      if (process.env['PAWL_TEST_TRACE'] !== undefined) process.stderr.write(`checkpoint ${name}\n`)
      if (name === killAt) process.kill(process.pid, 'SIGKILL')
      return Promise.resolve()
    },
  },
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
