// The program `pawl`: real doors, real terminal.
import { processInvocation } from './process.ts'
import { runCli } from './run.ts'
import { wire } from './wire.ts'

const doors = wire(process.env)
process.exitCode = await runCli(processInvocation(doors))
await doors.close()
