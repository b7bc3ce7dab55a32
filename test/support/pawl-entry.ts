// Pawl as tests and demo run it: the real program with two things set from outside that users have no say in. The calendar stands
// on a day when the sample product's releases are supported, and the process can be told to kill itself at a named checkpoint.
import type { Cluster } from '../../src/ports/cluster.ts'
import { processInvocation } from '../../src/apps/cli/process.ts'
import { runCli } from '../../src/apps/cli/run.ts'
import { wire } from '../../src/apps/cli/wire.ts'

const { env } = process
const doors = wire(env)
const today = new Date(`${env['PAWL_TEST_TODAY'] ?? '2026-11-23'}T12:00:00Z`)

/** The planted fault of test/kills: it sees no pod of a task before it has made a Job itself. */
async function impatient(...given: Parameters<typeof doors.cluster>): Promise<Cluster> {
  const cluster = await doors.cluster(...given)
  const [create, list] = [cluster.create.bind(cluster), cluster.list.bind(cluster)]
  let hasMade = false
  cluster.create = async (object, ...more) => {
    hasMade ||= object.kind === 'Job'
    return await create(object, ...more)
  }
  cluster.list = async (query, signal) =>
    !hasMade && query.labelSelector?.startsWith('pawl.dev/op=') === true ? [] : await list(query, signal)
  return cluster
}

process.exitCode = await runCli(
  processInvocation({
    ...doors,
    ...(env['PAWL_TEST_PLANT'] === 'impatient' ? { cluster: impatient } : {}),
    leaseMs: Number(env['PAWL_TEST_LEASE_MS'] ?? doors.leaseMs),
    today: () => today,
    checkpoint: (name) => {
      if (name === env['PAWL_TEST_KILL_AT']) process.kill(process.pid, 'SIGKILL')
      return Promise.resolve()
    },
  }),
)
await doors.close()
