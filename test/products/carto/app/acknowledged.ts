// Rows whose COMMIT a component was told of, told on to the witness: what "nothing was lost" counts.
import { createWitnessClient } from '../../../../examples/tally/app/lib/witness-client.ts'
import type { Role } from './database.ts'
import type { Context } from './release.ts'

/** One source of ids for each database: even ones are of the metadata database, odd ones of the AI proxy's. */
export function acknowledgements(role: Role, { env, release, stopping }: Context) {
  const witness = createWitnessClient(env)
  const parity = role === 'metadata' ? 0 : 1
  let last = 0
  return {
    /** Greater than all before it, also after a restart: a time in microseconds. */
    nextId(): number {
      last = Math.max(last + 2, Math.floor(Date.now() * 500) * 2 + parity)
      return last
    },
    async tell(id: number): Promise<void> {
      const ack = { id, release: release.appVersion }
      // A row that the witness does not take while the process is stopping is one more row, never one less.
      if (await witness.send('/acks', ack, stopping)) return
      await witness.send('/acks', ack, AbortSignal.timeout(3_000))
    },
  }
}
