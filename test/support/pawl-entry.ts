// Pawl as tests and demo run it: the real program with two things set from outside that users have no say in. The calendar stands
// on a day when the sample product's releases are supported, and the process can be told to kill itself at a named checkpoint.
import { processInvocation } from '../../src/apps/cli/process.ts'
import { runCli } from '../../src/apps/cli/run.ts'
import { wire } from '../../src/apps/cli/wire.ts'

const { env } = process
const doors = wire(env)
const today = new Date(`${env['PAWL_TEST_TODAY'] ?? '2026-11-23'}T12:00:00Z`)

process.exitCode = await runCli(
  processInvocation({
    ...doors,
    leaseMs: Number(env['PAWL_TEST_LEASE_MS'] ?? doors.leaseMs),
    today: () => today,
    checkpoint: (name) => {
      if (name === env['PAWL_TEST_KILL_AT']) process.kill(process.pid, 'SIGKILL')
      return Promise.resolve()
    },
  }),
)
await doors.close()
